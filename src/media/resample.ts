import { CodecError } from '../core/errors.ts';
import type { AudioSignal } from '../core/signal.ts';
import { checkPlanar } from './audio-stream.ts';

/** Turns one sample rate into another, block by block. */
export interface Resampler {
  /** The output that `planar` completes; at first less than in proportion, for want of the samples to come. */
  push(planar: readonly Float32Array[]): Float32Array[];
  /** What is still missing of `resampledLength(all pushed)` samples. Releases the converter. */
  finish(): Float32Array[];
}

/** libsamplerate's own limits. */
const MAX_RATIO = 256;
const MAX_CHANNELS = 128;
/** Floats per call; its buffers hold 1 008 000. */
const MAX_CALL_FLOATS = 262_144;

/** Samples that `lengthSamples` become, rounded to nearest. */
export function resampledLength(lengthSamples: number, fromHz: number, toHz: number): number {
  const [from, to] = lowestTerms(fromHz, toHz);
  return Math.round((lengthSamples * to) / from);
}

/**
 * A band-limited converter: libsamplerate's best sinc (bandwidth 97 %, noise at -144 dB). Output sample k
 * lies at the time of input sample k * fromHz / toHz; beyond its ends the input counts as silence. The blocks'
 * sizes do not change the result.
 *
 * Throws `bad-argument` for rates that are not whole numbers, or more than 256 apart, and for over 128 channels.
 */
export async function createResampler(fromHz: number, toHz: number, channels: number): Promise<Resampler> {
  checkRates(fromHz, toHz, channels);
  if (fromHz === toHz) return { push: (planar) => [...planar], finish: () => silence(channels, 0) };
  // Imported when needed: 2 MB of JavaScript that most runs do without.
  const { default: libsamplerate } = await import('@alexanderolsen/libsamplerate-js');
  // In lowest terms, because the wrapper takes no rate above 192 kHz.
  const [from, to] = lowestTerms(fromHz, toHz);
  const converterType = libsamplerate.ConverterType.SRC_SINC_BEST_QUALITY;
  const converter = await libsamplerate.create(channels, from, to, { converterType });
  const callSamples = Math.max(
    1,
    Math.floor(MAX_CALL_FLOATS / (channels * Math.max(1, Math.ceil(to / from)))),
  );
  let inputSamples = 0;
  let outputSamples = 0;

  const convert = (planar: readonly Float32Array[]): Float32Array[] => {
    const length = checkPlanar(planar, channels);
    const parts: Float32Array[] = [];
    for (let start = 0; start < length; start += callSamples) {
      parts.push(converter.full(interleave(planar, start, Math.min(length, start + callSamples))));
    }
    const planarOut = deinterleave(parts, channels);
    outputSamples += planarOut[0]!.length;
    return planarOut;
  };

  return {
    push(planar) {
      inputSamples += planar[0]?.length ?? 0;
      return convert(planar);
    },
    finish() {
      // The wrapper cannot say that the input has ended, so silence pushes the rest out of the filter.
      const expected = resampledLength(inputSamples, from, to);
      const tail = silence(channels, 0);
      const block = silence(channels, Math.min(callSamples, 4096));
      while (outputSamples < expected) {
        const more = convert(block);
        const surplus = Math.max(0, outputSamples - expected);
        for (const [c, samples] of more.entries()) {
          tail[c] = deinterleave([tail[c]!, samples.subarray(0, samples.length - surplus)], 1)[0]!;
        }
      }
      converter.destroy();
      return tail;
    },
  };
}

/** Resamples a stream of planar blocks; equal rates pass through. */
export async function* resampleBlocks(
  blocks: AsyncIterable<Float32Array[]>,
  fromHz: number,
  toHz: number,
  channels: number,
): AsyncGenerator<Float32Array[]> {
  const resampler = await createResampler(fromHz, toHz, channels);
  for await (const block of blocks) {
    const out = resampler.push(block);
    if (out[0]!.length > 0) yield out;
  }
  const tail = resampler.finish();
  if (tail[0]!.length > 0) yield tail;
}

/** A whole signal at another rate: `resampledLength` samples, aligned with the input. */
export async function resample(audio: AudioSignal, sampleRateHz: number): Promise<AudioSignal> {
  if (sampleRateHz === audio.sampleRateHz) return audio;
  const resampler = await createResampler(audio.sampleRateHz, sampleRateHz, audio.channels.length);
  const head = resampler.push(audio.channels);
  const tail = resampler.finish();
  const channels = head.map((samples, c) => deinterleave([samples, tail[c]!], 1)[0]!);
  return { kind: 'audio', sampleRateHz, channels };
}

/** Throws `bad-argument` unless `createResampler` can do this. */
export function checkRates(fromHz: number, toHz: number, channels: number): void {
  const whole = [fromHz, toHz].every((hz) => Number.isInteger(hz) && hz > 0);
  const inReach = whole && Math.max(fromHz / toHz, toHz / fromHz) <= MAX_RATIO;
  if (inReach && channels >= 1 && (channels <= MAX_CHANNELS || fromHz === toHz)) return;
  throw new CodecError('bad-argument', {
    what: 'cannot resample',
    found: `${channels} channels from ${fromHz} to ${toHz} Hz`,
    expected: `whole rates at most ${MAX_RATIO} times apart and at most ${MAX_CHANNELS} channels`,
  });
}

function lowestTerms(a: number, b: number): [number, number] {
  let divisor = a;
  for (let rest = b; rest > 0; ) [divisor, rest] = [rest, divisor % rest];
  return [a / divisor, b / divisor];
}

function silence(channels: number, length: number): Float32Array[] {
  return Array.from({ length: channels }, () => new Float32Array(length));
}

function interleave(planar: readonly Float32Array[], from: number, to: number): Float32Array {
  if (planar.length === 1) return planar[0]!.subarray(from, to);
  const out = new Float32Array((to - from) * planar.length);
  for (const [c, samples] of planar.entries()) {
    for (let t = from, at = c; t < to; t++, at += planar.length) out[at] = samples[t]!;
  }
  return out;
}

/** Interleaved pieces, joined, as planar arrays. */
function deinterleave(parts: readonly Float32Array[], channels: number): Float32Array[] {
  const out = silence(channels, parts.reduce((n, part) => n + part.length, 0) / channels);
  let done = 0;
  for (const part of parts) {
    const length = part.length / channels;
    for (const [c, samples] of out.entries()) {
      if (channels === 1) samples.set(part, done);
      else for (let t = 0; t < length; t++) samples[done + t] = part[t * channels + c]!;
    }
    done += length;
  }
  return out;
}
