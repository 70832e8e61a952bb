import { statSync } from 'node:fs';
import path from 'node:path';
import {
  type AudioSignal,
  Codec,
  type Codes,
  type ImageSignal,
  readAudio,
  readImage,
  resample,
  writeAudio,
} from '../../src/index.ts';
import type { AudioBaseline, ImageBaseline, VideoBaseline } from '../baselines/baseline.ts';
import { type BaselineName, baselines } from '../baselines/catalogue.ts';
import { runFfmpeg } from '../baselines/ffmpeg.ts';
import { peakMemoryBytes, resetPeakMemory } from '../peak-memory.ts';
import type { Item } from './items.ts';
import { assignments, type SystemSpec } from './system-spec.ts';

/** What coding an item gave. */
export interface Coded {
  readonly bytes: number;
  readonly payloadBytes?: number;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
  readonly peakMemoryBytes: number;
  readonly reference: AudioSignal | ImageSignal | { readonly kind: 'video'; readonly path: string };
  readonly decoded: AudioSignal | ImageSignal | { readonly kind: 'video'; readonly path: string };
  readonly codes?: Codes;
}

/** A codec at a setting, ready to code items one after another. */
export interface System {
  /** `scratch`: a folder for files that need not last. */
  run(item: Item, scratch: string): Promise<Coded>;
}

/** Opens systems; those of one recipe share its model. */
export class SystemPool {
  private readonly codecs = new Map<string, Promise<Codec>>();
  private readonly threads: number;

  constructor(threads: number) {
    this.threads = threads;
  }

  open(spec: SystemSpec): System {
    if (spec.kind === 'recipe') return recipeSystem(spec, () => this.codec(spec));
    const baseline = baselines[spec.name as BaselineName];
    if (baseline.media === 'audio') return audioSystem(spec, baseline);
    return baseline.media === 'image' ? imageSystem(spec, baseline) : videoSystem(spec, baseline);
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
      resetPeakMemory();
      const [bytes, encodeSeconds] = await timed(() => codec.encode(input, options));
      const [decoded, decodeSeconds] = await timed(() => codec.decode(bytes));
      const peak = peakMemoryBytes();
      const codes = await codec.toCodes(input, options);
      return {
        ...{ bytes: bytes.length, encodeSeconds, decodeSeconds, peakMemoryBytes: peak },
        ...{ reference, decoded, codes },
      };
    },
  };
}

function audioSystem({ label, settings }: SystemSpec, baseline: AudioBaseline): System {
  return {
    async run(item, scratch) {
      const [wav, coded, back] = [`in.wav`, `coded.${baseline.extension}`, 'out.wav'].map((name) =>
        path.join(scratch, name),
      ) as [string, string, string];
      const reference = await readAudio(item.path);
      await writeAudio(wav, reference, { force: true });
      const encoding = await runFfmpeg(
        ['-i', wav, '-map_metadata', '-1', ...baseline.encodeArgs(settings), coded],
        `cannot encode with ${label}`,
      );
      const rate = String(reference.sampleRateHz);
      const decoding = await runFfmpeg(
        [...baseline.decodeArgs, '-i', coded, '-ar', rate, '-c:a', 'pcm_f32le', back],
        `cannot decode ${label}`,
      );
      return {
        ...uses(encoding, decoding),
        bytes: statSync(coded).size,
        reference,
        decoded: await readAudio(back),
      };
    },
  };
}

function imageSystem({ settings }: SystemSpec, baseline: ImageBaseline): System {
  return {
    async run(item) {
      const reference = await readImage(item.path);
      resetPeakMemory();
      const [bytes, encodeSeconds] = await timed(() => baseline.encode(reference, settings));
      const [decoded, decodeSeconds] = await timed(() => baseline.decode(bytes));
      return {
        ...{ bytes: bytes.length, encodeSeconds, decodeSeconds, peakMemoryBytes: peakMemoryBytes() },
        ...{ reference, decoded: asChannels(decoded, reference.channels) },
      };
    },
  };
}

/** Full chroma resolution and precision around the matrix. */
const EXACT = 'flags=accurate_rnd+full_chroma_int+full_chroma_inp';

function videoSystem({ label, settings }: SystemSpec, baseline: VideoBaseline): System {
  return {
    async run(item, scratch) {
      const coded = path.join(scratch, `coded.${baseline.format}`);
      const colours = [
        '-color_range',
        'tv',
        '-colorspace',
        'bt709',
        '-color_primaries',
        'bt709',
        '-color_trc',
        'bt709',
      ];
      const encoding = await runFfmpeg(
        [
          ...['-i', item.path, '-map', '0:v:0', '-fps_mode', 'passthrough'],
          ...['-vf', `scale=out_color_matrix=bt709:out_range=tv:${EXACT},format=yuv420p`, ...colours],
          ...[...baseline.encodeArgs(settings), '-f', baseline.format, coded],
        ],
        `cannot encode with ${label}`,
      );
      const decoding = await runFfmpeg(['-i', coded, '-f', 'null', '-'], `cannot decode ${label}`);
      return {
        ...uses(encoding, decoding),
        bytes: statSync(coded).size,
        reference: { kind: 'video', path: item.path },
        decoded: { kind: 'video', path: coded },
      };
    },
  };
}

type Use = Awaited<ReturnType<typeof runFfmpeg>>;

function uses(encoding: Use, decoding: Use) {
  return {
    encodeSeconds: encoding.seconds,
    decodeSeconds: decoding.seconds,
    peakMemoryBytes: Math.max(encoding.peakMemoryBytes, decoding.peakMemoryBytes),
  };
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startedAt = performance.now();
  const result = await work();
  return [result, (performance.now() - startedAt) / 1000];
}

/** Codecs give a grey picture back in colour, and the other way round: compared in the reference's channels. */
function asChannels(image: ImageSignal, channels: 1 | 3): ImageSignal {
  if (image.channels === channels) return image;
  const pixels = image.width * image.height;
  const data = new Uint8Array(pixels * channels);
  for (let i = 0; i < data.length; i++) {
    data[i] = channels === 3 ? image.data[Math.floor(i / 3)]! : image.data[3 * i]!;
  }
  return { ...image, channels, data };
}
