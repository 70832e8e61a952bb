import {
  Codec,
  type FittedCodec,
  inspectContainer,
  isFitted,
  loadAnyRecipe,
  loadFittedCodec,
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
  private readonly fittedCodecs = new Map<string, Promise<FittedCodec>>();
  private readonly threads: number;

  constructor(threads: number) {
    this.threads = threads;
  }

  open(spec: SystemSpec): System {
    if (spec.kind === 'baseline') return baselineSystem(spec, baselines[spec.name as BaselineName]);
    if (isFitted(loadAnyRecipe(spec.name))) return fittedSystem(spec, (set) => this.fitted(spec, set));
    return recipeSystem(spec, () => this.codec(spec));
  }

  private codec({ name, settings }: SystemSpec): Promise<Codec> {
    const { bitrate: _, ...changes } = settings;
    const set = assignments(changes);
    return once(this.codecs, [name, set], () => Codec.load(name, { set, threads: this.threads }));
  }

  private fitted({ name }: SystemSpec, set: string[]): Promise<FittedCodec> {
    return once(this.fittedCodecs, [name, set], () => loadFittedCodec(name, { set, threads: this.threads }));
  }
}

/** What is made for a key, made once. */
function once<T>(made: Map<string, T>, key: unknown, make: () => T): T {
  const name = JSON.stringify(key);
  const value = made.get(name) ?? make();
  made.set(name, value);
  return value;
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
