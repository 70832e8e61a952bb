import {
  type AudioSignal,
  CodecError,
  type ImageSignal,
  openVideo,
  readAudio,
  readImage,
  resample,
  type VideoStream,
} from '../src/index.ts';
import { type Failure, failureFrom } from './failure.ts';
import { type Media, mediaOfFile } from './media.ts';
import { type MetricName, metrics } from './metrics/catalogue.ts';
import type { AudioMetric, ImageMetric, Metric } from './metrics/metric.ts';

/** Differences in length up to this are a codec's padding and are cut off at the end; longer ones are an error. */
const PADDING_SECONDS = 0.25;

/** What metrics gave, by name, and why others gave nothing. */
export interface Comparison {
  readonly metrics: Record<string, number>;
  readonly failures: Record<string, Failure>;
}

/** Names of the metrics that compare two signals of a medium. */
export function metricsFor(media: Media): MetricName[] {
  const kind = media === 'video' ? 'image' : media;
  return (Object.keys(metrics) as MetricName[]).filter((name) => metrics[name].media === kind);
}

/**
 * Compares two files of sound, pictures or video with every metric named, or all that fit. Sound is resampled as each
 * metric's standard says and cut to one length where it differs by less than 0.25 s.
 *
 * A metric that refuses the pair is among `failures`. Throws `bad-audio`, `bad-image`, `bad-video` for files that cannot be
 * read, `bad-argument` for files of two kinds, or metrics of another kind.
 */
export async function compareFiles(
  reference: string,
  degraded: string,
  names?: readonly MetricName[],
): Promise<Comparison> {
  const [media, other] = [reference, degraded].map((path) => mediaOfFile(path) ?? 'audio') as [Media, Media];
  if (media !== other) {
    throw new CodecError('bad-argument', {
      what: `cannot compare ${reference} with ${degraded}`,
      found: `${media} and ${other} by their names`,
      expected: 'two files of one kind',
    });
  }
  const wanted = names ?? metricsFor(media);
  checkMedia(wanted, media);
  if (media === 'audio') {
    const [a, b] = await Promise.all([readAudio(reference), readAudio(degraded)]);
    return compareAudio(a, b, wanted);
  }
  if (media === 'image') {
    const [a, b] = await Promise.all([readImage(reference), readImage(degraded)]);
    return compareImages(a, b, wanted);
  }
  const [a, b] = await Promise.all([openVideo(reference), openVideo(degraded)]);
  return (await compareVideos(a, b, wanted)).mean;
}

/** Throws `bad-argument` for a metric that does not compare signals of this medium. */
export function checkMedia(names: readonly MetricName[], media: Media): void {
  const wrong = names.find((name) => !metricsFor(media).includes(name));
  if (wrong === undefined) return;
  throw new CodecError('bad-argument', {
    what: `${wrong} does not compare ${media}`,
    found: `a metric of ${metrics[wrong].media}`,
    expected: metricsFor(media).join(', '),
  });
}

/** Sound against sound; errors as failures by metric. */
export async function compareAudio(
  reference: AudioSignal,
  degraded: AudioSignal,
  names: readonly MetricName[],
): Promise<Comparison> {
  const prepared = new Map<string, [Float32Array, Float32Array][]>();
  return collect(names, async (metric) => {
    const audio = metric as AudioMetric;
    const rate = rateFor(audio, reference.sampleRateHz);
    const key = `${rate} ${audio.lengths} ${audio.channels}`;
    if (!prepared.has(key)) prepared.set(key, await prepare(reference, degraded, audio, rate));
    const values = prepared.get(key)!.map(([a, b]) => audio.compute(a, b, rate));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
}

/** Picture against picture; errors as failures by metric. */
export async function compareImages(
  reference: ImageSignal,
  degraded: ImageSignal,
  names: readonly MetricName[],
): Promise<Comparison> {
  return collect(names, (metric) => (metric as ImageMetric).compute(reference, degraded));
}

/**
 * Frame against frame, in constant memory: every frame's metrics and their means. Closes both. Throws `bad-video` when
 * one ends first.
 */
export async function compareVideos(
  reference: VideoStream,
  degraded: VideoStream,
  names: readonly MetricName[],
): Promise<{ mean: Comparison; frames: Comparison[] }> {
  const frames: Comparison[] = [];
  const [left, right] = [reference.frames(), degraded.frames()];
  try {
    for (;;) {
      const [a, b] = await Promise.all([left.next(), right.next()]);
      if (a.done !== b.done) {
        throw new CodecError('bad-video', {
          what: 'cannot compare these videos frame by frame',
          found: `the ${a.done ? 'reference' : 'degraded video'} ends after ${frames.length} frames`,
          expected: 'as many as in the other',
        });
      }
      if (a.done || b.done) break;
      frames.push(await compareImages(a.value, b.value, names));
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined), reference.close(), degraded.close()]);
  }
  const failures = frames.find((frame) => Object.keys(frame.failures).length > 0)?.failures ?? {};
  const complete = names.filter((name) => !Object.hasOwn(failures, name));
  const meanOf = (name: string) =>
    frames.reduce((sum, frame) => sum + frame.metrics[name]!, 0) / frames.length;
  return {
    mean: { metrics: Object.fromEntries(complete.map((name) => [name, meanOf(name)])), failures },
    frames,
  };
}

async function collect(
  names: readonly MetricName[],
  compute: (metric: Metric) => number | Promise<number>,
): Promise<Comparison> {
  const values: Record<string, number> = {};
  const failures: Record<string, Failure> = {};
  for (const name of names) {
    try {
      values[name] = await compute(metrics[name]);
    } catch (error) {
      failures[name] = failureFrom(error);
    }
  }
  return { metrics: values, failures };
}

function rateFor({ sampleRatesHz }: AudioMetric, referenceHz: number): number {
  if (sampleRatesHz === undefined) return referenceHz;
  const rate = sampleRatesHz.findLast((hz) => hz <= referenceHz);
  if (rate !== undefined) return rate;
  throw new CodecError('bad-audio', {
    what: 'this metric is not defined for so low a sample rate',
    found: `a reference of ${referenceHz} Hz`,
    expected: `at least ${sampleRatesHz[0]} Hz`,
  });
}

/** Pairs of channels at one rate. */
async function prepare(
  reference: AudioSignal,
  degraded: AudioSignal,
  { lengths, channels }: AudioMetric,
  rate: number,
): Promise<[Float32Array, Float32Array][]> {
  if (channels === 'mean' && reference.channels.length !== degraded.channels.length) {
    throw new CodecError('bad-audio', {
      what: 'cannot compare channel by channel',
      found: `${degraded.channels.length} channels in the degraded signal`,
      expected: `${reference.channels.length} as in the reference`,
    });
  }
  const [a, b] = await Promise.all(
    [reference, degraded].map((audio) =>
      resample(channels === 'mix' ? { ...audio, channels: [mix(audio.channels)] } : audio, rate),
    ),
  );
  return a!.channels.map((left, c) => {
    const right = b!.channels[c]!;
    return lengths === 'aligns' ? [left, right] : cut(left, right, rate);
  });
}

function mix(channels: readonly Float32Array[]): Float32Array {
  if (channels.length === 1) return channels[0]!;
  return channels[0]!.map(
    (_, t) => channels.reduce((sum, channel) => sum + channel[t]!, 0) / channels.length,
  );
}

function cut(a: Float32Array, b: Float32Array, rate: number): [Float32Array, Float32Array] {
  const length = Math.min(a.length, b.length);
  if (Math.abs(a.length - b.length) > PADDING_SECONDS * rate) {
    throw new CodecError('bad-audio', {
      what: 'this metric needs signals of one length',
      found: `${(b.length / rate).toFixed(2)} s in the degraded signal`,
      expected: `${(a.length / rate).toFixed(2)} s as in the reference, or up to ${PADDING_SECONDS} s of padding`,
      remedy: 'Cut both to the same part.',
    });
  }
  return [a.subarray(0, length), b.subarray(0, length)];
}
