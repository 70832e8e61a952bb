import type { ImageMetric } from './metric.ts';
import { psnr, psnrLuma } from './psnr.ts';
import { msSsim, ssim } from './ssim.ts';

/** Metrics of pictures, by name. */
export const imageMetrics = {
  psnr: {
    media: 'image',
    about: 'peak signal to noise ratio over all RGB samples',
    unit: 'dB',
    better: 'higher',
    range: [0, Number.POSITIVE_INFINITY],
    source: 'ITU-T J.247 (08/2008)',
    compute: psnr,
  },
  'psnr-y': {
    media: 'image',
    about: 'peak signal to noise ratio of luma',
    unit: 'dB',
    better: 'higher',
    range: [0, Number.POSITIVE_INFINITY],
    source: 'ITU-R BT.601-7',
    compute: psnrLuma,
  },
  ssim: {
    media: 'image',
    about: 'structural similarity',
    unit: '',
    better: 'higher',
    range: [-1, 1],
    source: 'Wang, Bovik, Sheikh, Simoncelli 2004',
    compute: ssim,
  },
  'ms-ssim': {
    media: 'image',
    about: 'structural similarity over five scales; sides of at least 161 pixels',
    unit: '',
    better: 'higher',
    range: [0, 1],
    source: 'Wang, Simoncelli, Bovik 2003',
    compute: msSsim,
  },
} as const satisfies Record<string, ImageMetric>;
