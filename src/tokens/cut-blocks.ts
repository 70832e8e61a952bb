import { CodecError } from '../core/errors.ts';

interface Cut {
  readonly sampleRateHz: number;
  readonly startSeconds?: number;
  readonly endSeconds?: number;
  /** What errors call the sound. */
  readonly name: string;
}

/**
 * The samples from `startSeconds` on and before `endSeconds` of sound that arrives in blocks; the rest is not read.
 * @throws `bad-argument` for times that are no part of any sound, `bad-audio` when the sound ends before the part begins
 */
export async function* cutBlocks(
  blocks: AsyncIterable<readonly Float32Array[]>,
  { sampleRateHz, startSeconds = 0, endSeconds = Number.POSITIVE_INFINITY, name }: Cut,
): AsyncGenerator<readonly Float32Array[]> {
  if (!(startSeconds >= 0 && endSeconds > startSeconds && Number.isFinite(startSeconds))) {
    throw new CodecError('bad-argument', {
      what: `cannot take this part of ${name}`,
      found: `${startSeconds} s to ${endSeconds} s`,
      expected: 'a start from 0 and an end after it',
    });
  }
  const from = Math.round(startSeconds * sampleRateHz);
  const to = Math.round(endSeconds * sampleRateHz);
  let at = 0;
  for await (const block of blocks) {
    const length = block[0]?.length ?? 0;
    const [first, last] = [Math.max(0, from - at), Math.min(length, to - at)];
    at += length;
    if (last <= first) continue;
    yield first === 0 && last === length ? block : block.map((samples) => samples.subarray(first, last));
    if (at >= to) return;
  }
  if (at > from) return;
  throw new CodecError('bad-audio', {
    what: `cannot take this part of ${name}`,
    found: `${(at / sampleRateHz).toFixed(3)} s of sound`,
    expected: `a part from ${startSeconds} s on`,
  });
}
