import { CodecError } from './errors.ts';

/** Sound as planar floats. `channels[c][t]` nominally in [-1, 1]; all channels have one length. */
export interface AudioSignal {
  readonly kind: 'audio';
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
}

/** A picture as files hold it, rows from top to bottom: `data[(y * width + x) * channels + c]`, of 8 or 16 bits a sample. */
export interface RasterImage {
  readonly kind: 'image';
  readonly width: number;
  readonly height: number;
  /** 1: grey, 2: grey and alpha, 3: R, G, B (sRGB), 4: R, G, B and alpha. */
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array | Uint16Array;
}

/** Bits of a picture's samples. */
export function bitDepthOf({ data }: RasterImage): 8 | 16 {
  return data instanceof Uint16Array ? 16 : 8;
}

/** A picture of 8-bit samples, rows from top to bottom: `data[(y * width + x) * channels + c]`. */
export interface ImageSignal {
  readonly kind: 'image';
  readonly width: number;
  readonly height: number;
  /** 3: R, G, B (sRGB). 1: grey. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Pictures of one size, one after another: 8-bit R, G, B samples in the order of `RasterImage.data`. */
export interface Clip {
  readonly kind: 'clip';
  readonly width: number;
  readonly height: number;
  /** Pictures per second, as a fraction. */
  readonly rateNumerator: number;
  readonly rateDenominator: number;
  readonly pictures: readonly Uint8Array[];
}

/** Anything a codec can take. Images and video join here. */
export type Signal = AudioSignal;

/** Samples per channel. */
export function lengthSamples(audio: AudioSignal): number {
  return audio.channels[0]?.length ?? 0;
}

/** Planar blocks, one after another, as one array per channel. */
export function joinBlocks(blocks: readonly (readonly Float32Array[])[], channels: number): Float32Array[] {
  return Array.from({ length: channels }, (_, c) => {
    const joined = new Float32Array(blocks.reduce((n, block) => n + block[c]!.length, 0));
    let at = 0;
    for (const block of blocks) {
      joined.set(block[c]!, at);
      at += block[c]!.length;
    }
    return joined;
  });
}

/** Throws `bad-audio` unless the signal has samples, equal channels and finite values. */
export function assertValidAudio(audio: AudioSignal, what = 'cannot use this audio'): void {
  if (!(audio.sampleRateHz > 0) || !Number.isFinite(audio.sampleRateHz)) {
    throw new CodecError('bad-audio', { what, found: `a sample rate of ${audio.sampleRateHz} Hz` });
  }
  const length = lengthSamples(audio);
  if (length === 0) {
    throw new CodecError('bad-audio', {
      what,
      found: 'no samples',
      remedy: 'Give audio of at least one sample.',
    });
  }
  for (const [c, samples] of audio.channels.entries()) {
    if (samples.length !== length) {
      throw new CodecError('bad-audio', {
        what,
        found: `${samples.length} samples in channel ${c}`,
        expected: `${length} as in channel 0`,
      });
    }
    assertFiniteSamples(samples, 0, what);
  }
}

/** Throws `bad-audio` at the first NaN or infinity; `offset` is the position of `samples[0]` in the whole. */
export function assertFiniteSamples(samples: Float32Array, offset = 0, what = 'cannot use this audio'): void {
  for (let t = 0; t < samples.length; t++) {
    if (!Number.isFinite(samples[t])) {
      throw new CodecError('bad-audio', {
        what,
        found: `${samples[t]} at sample ${offset + t}`,
        expected: 'finite samples',
        remedy: 'Repair the source, e.g. re-export it as 16-bit PCM.',
      });
    }
  }
}
