import { CodecError } from '../../src/index.ts';

/** Two signals to be compared, one channel each. */
export interface SignalPair {
  readonly reference: Float32Array;
  readonly degraded: Float32Array;
}

/** Throws `bad-audio` unless both signals have samples and all are finite. */
export function checkSamples(what: string, { reference, degraded }: SignalPair): void {
  for (const [name, samples] of Object.entries({ reference, degraded })) {
    if (samples.length === 0) throw new CodecError('bad-audio', { what, found: `no samples in the ${name}` });
    const bad = samples.findIndex((sample) => !Number.isFinite(sample));
    if (bad >= 0) {
      throw new CodecError('bad-audio', {
        what,
        found: `${samples[bad]} at sample ${bad} of the ${name}`,
        expected: 'finite samples',
      });
    }
  }
}

/** As `checkSamples`, and throws `bad-audio` unless both have one length: for metrics that do not align. */
export function checkAligned(what: string, pair: SignalPair): void {
  checkSamples(what, pair);
  const { reference, degraded } = pair;
  if (reference.length === degraded.length) return;
  throw new CodecError('bad-audio', {
    what,
    found: `${degraded.length} samples in the degraded signal`,
    expected: `${reference.length} as in the reference`,
    remedy: 'Align both and cut them to the shorter one.',
  });
}

/** Throws `bad-audio` where a signal is nothing but zeros. */
export function checkNotSilent(what: string, { reference, degraded }: SignalPair): void {
  checkReference(what, reference);
  if (isSilent(degraded)) throw silence(what, 'degraded');
}

/** Throws `bad-audio` where the reference is nothing but zeros. */
export function checkReference(what: string, reference: Float32Array): void {
  if (isSilent(reference)) throw silence(what, 'reference');
}

function isSilent(samples: Float32Array): boolean {
  return samples.every((sample) => sample === 0);
}

function silence(what: string, name: string): CodecError {
  return new CodecError('bad-audio', { what, found: `only zeros in the ${name}`, expected: 'sound' });
}

/** Throws `bad-argument` unless the sample rate is a positive whole number. */
export function checkSampleRate(what: string, sampleRateHz: number): void {
  if (Number.isInteger(sampleRateHz) && sampleRateHz > 0) return;
  throw new CodecError('bad-argument', {
    what,
    found: `a sample rate of ${sampleRateHz} Hz`,
    expected: 'a positive whole number',
  });
}
