import { CodecError } from '../../src/index.ts';
import { checkNotSilent, checkSamples } from './check.ts';
import { analyse, type PesqAnalysis } from './pesq/analysis.ts';
import type { InputFilter } from './pesq/input-filter.ts';

/** One way of running PESQ. */
interface PesqMode {
  readonly sampleRatesHz: readonly (8000 | 16000)[];
  readonly filter: InputFilter;
  /** MOS-LQO = 0.999 + 4 / (1 + exp(slope raw + offset)). */
  readonly mapping: { readonly slope: number; readonly offset: number };
}

const widebandMapping = { slope: -1.3669, offset: 3.8224 };

/**
 * - `pesq-nb`: P.862 with the mapping of P.862.1: telephone speech through a handset.
 * - `pesq-wb`: P.862.2 as published in 2007, the form that most papers report.
 * - `pesq-wb-c2`: P.862.2 with Corrigendum 2 of P.862 (03/2018), which lowers the input filter by 12 dB: scores up to one
 *   point higher, never to be mixed with `pesq-wb`.
 */
export const pesqModes = {
  'pesq-nb': {
    sampleRatesHz: [8000, 16000],
    filter: { kind: 'handset' },
    mapping: { slope: -1.4945, offset: 4.6607 },
  },
  'pesq-wb': {
    sampleRatesHz: [16000],
    filter: { kind: 'wideband', gain: 1 },
    mapping: widebandMapping,
  },
  'pesq-wb-c2': {
    sampleRatesHz: [16000],
    filter: { kind: 'wideband', gain: 0.251188 },
    mapping: widebandMapping,
  },
} as const satisfies Record<string, PesqMode>;

export type PesqModeName = keyof typeof pesqModes;

export interface PesqOptions {
  /** 16000, or 8000 for `pesq-nb`. */
  readonly sampleRateHz: number;
  readonly mode: PesqModeName;
}

/**
 * Perceptual evaluation of speech quality (ITU-T P.862, P.862.1, P.862.2): MOS-LQO, from 1.00 to 4.55 (`pesq-nb`) or 1.01
 * to 4.64 (wideband); higher is better. Levels and delays between the signals are found and taken out, so they may differ in
 * length. Scale of the samples does not matter.
 *
 * Throws `bad-argument` for a sample rate that the mode does not know, and `bad-audio` for non-finite samples, less than a
 * quarter of a second, a silent signal or a reference without speech.
 */
export function pesq(reference: Float32Array, degraded: Float32Array, options: PesqOptions): number {
  return pesqAnalysis(reference, degraded, options).mosLqo;
}

/** `pesq` with the delays, disturbances and raw score behind it; throws as it does. */
export function pesqAnalysis(
  reference: Float32Array,
  degraded: Float32Array,
  { sampleRateHz, mode }: PesqOptions,
): PesqAnalysis & { readonly mosLqo: number } {
  const what = `cannot compute ${mode}`;
  const { sampleRatesHz, filter, mapping }: PesqMode = pesqModes[mode];
  const rate = sampleRatesHz.find((hz) => hz === sampleRateHz);
  if (rate === undefined) {
    throw new CodecError('bad-argument', {
      what,
      found: `a sample rate of ${sampleRateHz} Hz`,
      expected: sampleRatesHz.map((hz) => `${hz} Hz`).join(' or '),
      remedy: 'Resample both signals.',
    });
  }
  checkSamples(what, { reference, degraded });
  const shortest = Math.min(reference.length, degraded.length);
  if (shortest < rate / 4) {
    throw new CodecError('bad-audio', {
      what,
      found: `${shortest} samples`,
      expected: `at least a quarter of a second, ${rate / 4} samples`,
    });
  }
  checkNotSilent(what, { reference, degraded });
  const analysis = analyse(reference, degraded, rate, filter);
  if (analysis) {
    const mosLqo = 0.999 + 4 / (1 + Math.exp(mapping.slope * analysis.rawMos + mapping.offset));
    return { ...analysis, mosLqo };
  }
  throw new CodecError('bad-audio', {
    what,
    found: 'no speech in the reference',
    expected: 'at least one utterance of 0.2 s',
  });
}
