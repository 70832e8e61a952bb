import {
  Codec,
  inspectContainer,
  isFitted,
  loadAnyRecipe,
  openContainer,
  readAudio,
  resample,
} from '../../src/index.ts';
import { type BaselineName, baselines } from '../baselines/catalogue.ts';
import { collectGarbage, peakMemoryBytes, resetPeakMemory } from '../peak-memory.ts';
import { baselineSystem } from './baseline-systems.ts';
import { fittedSystem } from './fitted-system.ts';
import type { System } from './system.ts';
import { assignments, type SystemSpec } from './system-spec.ts';
import { timed } from './timed.ts';

/** Opens systems; those of one recipe share its model. */
export class SystemPool {
  private readonly codecs = new Map<string, Promise<Codec>>();
  private readonly threads: number;

  constructor(threads: number) {
    this.threads = threads;
  }

  open(spec: SystemSpec): System {
    if (spec.kind === 'baseline') return baselineSystem(spec, baselines[spec.name as BaselineName]);
    if (isFitted(loadAnyRecipe(spec.name))) return fittedSystem(spec, this.threads);
    return recipeSystem(spec, () => this.codec(spec));
  }

  private codec({ name, settings }: SystemSpec): Promise<Codec> {
    const { bitrate: _, ...changes } = settings;
    const set = assignments(changes);
    const key = JSON.stringify([name, set]);
    const open = this.codecs.get(key) ?? Codec.load(name, { set, threads: this.threads });
    this.codecs.set(key, open);
    return open;
  }
}

function recipeSystem(spec: SystemSpec, load: () => Promise<Codec>): System {
  return {
    async run(item) {
      const codec = await load();
      const { sampleRateHz, channels } = codec.parts;
      const reference = await readAudio(item.path);
      const mixed =
        channels === reference.channels.length ? reference : await readAudio(item.path, { channels });
      const input = await resample(mixed, sampleRateHz);
      const options = { bitrateKbps: spec.knob };
      collectGarbage();
      resetPeakMemory();
      const [bytes, encodeSeconds] = await timed(() => codec.encode(input, options));
      const [decoded, decodeSeconds] = await timed(() => codec.decode(bytes));
      const peak = peakMemoryBytes();
      const codes = await codec.toCodes(input, options);
      const { payloadBytes } = await inspectContainer(await openContainer(bytes));
      return {
        ...{ bytes: bytes.length, payloadBytes, encodeSeconds, decodeSeconds, peakMemoryBytes: peak },
        ...{ reference, decoded, codes },
      };
    },
  };
}
