import { CodecError, type ImageSignal } from '../../src/index.ts';

/** Throws `bad-image` unless both pictures have one size and number of channels. */
export function checkSameSize(what: string, reference: ImageSignal, degraded: ImageSignal): void {
  const [expected, found] = [describe(reference), describe(degraded)];
  if (expected === found) return;
  throw new CodecError('bad-image', {
    what,
    found: `${found} degraded`,
    expected: `${expected} as the reference`,
  });
}

function describe({ width, height, channels }: ImageSignal): string {
  return `${width} x ${height}, ${channels === 1 ? 'grey' : 'RGB'}`;
}
