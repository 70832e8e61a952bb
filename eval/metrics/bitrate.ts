import { CodecError, type Codes } from '../../src/index.ts';

/** Kilobits per second that a file of `bytes` takes, headers included, for `durationSeconds` of signal. */
export function bitrateKbps(bytes: number, durationSeconds: number): number {
  checkPositive('durationSeconds', durationSeconds);
  return (8 * bytes) / durationSeconds / 1000;
}

/** Kilobits per second of codes before entropy coding: every index at log2(codebook size) bits. */
export function nominalBitrateKbps(
  { codebooks, frames, codebookSize }: Codes,
  durationSeconds: number,
): number {
  checkPositive('durationSeconds', durationSeconds);
  return (codebooks * frames * Math.log2(codebookSize)) / durationSeconds / 1000;
}

/** Bits per pixel of a picture, or of all frames of a video, that takes `bytes`. */
export function bitsPerPixel(bytes: number, pixels: number): number {
  checkPositive('pixels', pixels);
  return (8 * bytes) / pixels;
}

/** Indices per second, all codebooks together: what a language model has to predict. */
export function tokensPerSecond({ codebooks, frames }: Codes, durationSeconds: number): number {
  checkPositive('durationSeconds', durationSeconds);
  return (codebooks * frames) / durationSeconds;
}

function checkPositive(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new CodecError('bad-argument', {
    what: 'cannot compute a rate',
    found: `${name} ${value}`,
    expected: 'a positive number',
  });
}
