import { melDistance } from './mel-distance.ts';
import type { AudioMetric } from './metric.ts';
import { type PesqModeName, pesq } from './pesq.ts';
import { siSdr } from './si-sdr.ts';
import { snr } from './snr.ts';
import { stftDistance } from './stft-distance.ts';
import { estoi, stoi } from './stoi.ts';

const pesqEntry = (mode: PesqModeName, facts: Pick<AudioMetric, 'about' | 'range' | 'source'>) =>
  ({
    ...facts,
    media: 'audio',
    unit: 'MOS-LQO',
    better: 'higher',
    sampleRatesHz: mode === 'pesq-nb' ? [8000, 16000] : [16000],
    lengths: 'aligns',
    channels: 'mix',
    compute: (reference, degraded, sampleRateHz) => pesq(reference, degraded, { sampleRateHz, mode }),
  }) as const satisfies AudioMetric;

/** Metrics of sound, by name. */
export const audioMetrics = {
  'pesq-wb': pesqEntry('pesq-wb', {
    about: 'speech quality, wide band, as most papers report it',
    range: [1.01, 4.65],
    source: 'ITU-T P.862.2 (11/2007)',
  }),
  'pesq-nb': pesqEntry('pesq-nb', {
    about: 'speech quality, narrow band (telephone)',
    range: [1, 4.55],
    source: 'ITU-T P.862 (02/2001) and P.862.1 (11/2003)',
  }),
  'pesq-wb-c2': pesqEntry('pesq-wb-c2', {
    about: 'speech quality, wide band, corrected in 2018; not to be compared with pesq-wb',
    range: [1.01, 4.65],
    source: 'ITU-T P.862.2 (11/2007) with P.862 Corrigendum 2 (03/2018)',
  }),
  stoi: {
    media: 'audio',
    about: 'short-time objective intelligibility of speech',
    unit: '',
    better: 'higher',
    range: [-1, 1],
    source: 'Taal et al., IEEE TASLP 19(7), 2011',
    lengths: 'equal',
    channels: 'mix',
    compute: (reference, degraded, sampleRateHz) => stoi(reference, degraded, { sampleRateHz }),
  },
  estoi: {
    media: 'audio',
    about: 'extended STOI, for noise that comes and goes',
    unit: '',
    better: 'higher',
    range: [-1, 1],
    source: 'Jensen and Taal, IEEE/ACM TASLP 24(11), 2016',
    lengths: 'equal',
    channels: 'mix',
    compute: (reference, degraded, sampleRateHz) => estoi(reference, degraded, { sampleRateHz }),
  },
  'si-sdr': {
    media: 'audio',
    about: 'scale-invariant signal to distortion ratio',
    unit: 'dB',
    better: 'higher',
    range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    source: 'Le Roux et al., ICASSP 2019',
    lengths: 'equal',
    channels: 'mean',
    compute: siSdr,
  },
  snr: {
    media: 'audio',
    about: 'signal to noise ratio',
    unit: 'dB',
    better: 'higher',
    range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    source: 'ratio of powers',
    lengths: 'equal',
    channels: 'mean',
    compute: snr,
  },
  'mel-distance': {
    media: 'audio',
    about: 'multi-scale log-mel distance',
    unit: 'dB',
    better: 'lower',
    range: [0, Number.POSITIVE_INFINITY],
    source: 'scales of Kumar et al., 2023 (RVQGAN), in dB',
    lengths: 'equal',
    channels: 'mean',
    compute: (reference, degraded, sampleRateHz) => melDistance(reference, degraded, { sampleRateHz }),
  },
  'stft-distance': {
    media: 'audio',
    about: 'multi-scale STFT distance',
    unit: 'dB',
    better: 'lower',
    range: [0, Number.POSITIVE_INFINITY],
    source: 'scales of Kumar et al., 2023 (RVQGAN), in dB',
    lengths: 'equal',
    channels: 'mean',
    compute: stftDistance,
  },
} as const satisfies Record<string, AudioMetric>;
