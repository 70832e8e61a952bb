import { CodecError } from '../core/errors.ts';

/**
 * Planar audio in `target` channels: mono is the mean of all channels, stereo from mono the same samples twice,
 * and the same number is passed through. Throws `bad-audio` for any other pair.
 */
export function mixChannels(planar: readonly Float32Array[], target: number): Float32Array[] {
  checkMix(planar.length, target);
  if (planar.length === target) return [...planar];
  const first = planar[0]!;
  if (target > 1) return [first, first.slice()];
  const mean = new Float32Array(first.length);
  for (let t = 0; t < mean.length; t++) {
    let sum = 0;
    for (const samples of planar) sum += samples[t]!;
    mean[t] = sum / planar.length;
  }
  return [mean];
}

/** Throws `bad-audio` unless `mixChannels` can make `target` channels of `found`. */
export function checkMix(found: number, target: number, name = 'this audio'): void {
  if (found === target || (target === 1 && found > 0) || (found === 1 && target === 2)) return;
  throw new CodecError('bad-audio', {
    what: `cannot make ${target} channels of ${name}`,
    found: `${found} channels`,
    expected: target === 2 ? '1 or 2' : `${target}`,
    remedy: `Convert it first, e.g. with: ffmpeg -i in.wav -ac ${target} out.wav`,
  });
}
