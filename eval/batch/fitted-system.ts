import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  type FittedCodec,
  openContainer,
  readAudio,
  readImage,
  removeFitCheckpoints,
  signalFiles,
} from '../../src/index.ts';
import type { Media } from '../media.ts';
import { collectGarbage, peakMemoryBytes, resetPeakMemory } from '../peak-memory.ts';
import { fittedKnobNames, fittedKnobs } from './fitted-knobs.ts';
import type { Coded, System } from './system.ts';
import { assignments, type SystemSpec } from './system-spec.ts';
import { timed } from './timed.ts';

/** How what is compared is read from a file of each medium. */
const compared: Record<Media, (file: string) => Promise<Coded['reference']>> = {
  audio: (file) => readAudio(file),
  image: (file) => readImage(file),
  video: async (file) => ({ kind: 'video', path: file }),
};

/** Opens the recipe with settings changed. */
export type FittedLoad = (set: string[]) => Promise<FittedCodec>;

/** A recipe that is fitted to each signal, at a quality or rate. What it decodes is compared as the command would write it. */
export function fittedSystem({ media, settings, knob }: SystemSpec, load: FittedLoad): System {
  const { preset, ...others } = settings;
  const knobName = fittedKnobNames.find((each) => each in others) ?? 'quality';
  const { [knobName]: _, ...changes } = others;
  return {
    async run(item, scratch, checkpoint) {
      const codec = await load(assignments(changes));
      const files = signalFiles[media];
      const signal = await files.read(item.path);
      mkdirSync(path.dirname(checkpoint), { recursive: true });
      collectGarbage();
      resetPeakMemory();
      const options = { [fittedKnobs[knobName].option]: knob, ...(preset !== undefined && { preset }) };
      const [file, seconds] = await timed(() => codec.encode(signal, { ...options, checkpoint }));
      const { bytes, earlierSeconds } = file;
      const [back, decodeSeconds] = await timed(() => codec.decode(bytes));
      const peak = peakMemoryBytes();
      const decoded = path.join(scratch, `decoded${files.extension}`);
      await files.write(decoded, back, { force: true });
      removeFitCheckpoints(checkpoint);
      let payloadBytes = 0;
      for await (const { payload } of (await openContainer(bytes)).chunks()) payloadBytes += payload.length;
      return {
        ...{
          bytes: bytes.length,
          payloadBytes,
          encodeSeconds: earlierSeconds + seconds,
          decodeSeconds,
          peakMemoryBytes: peak,
        },
        ...{ reference: await compared[media](item.path), decoded: await compared[media](decoded) },
      };
    },
  };
}
