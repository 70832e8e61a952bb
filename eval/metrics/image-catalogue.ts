import type { ImageMetric } from './metric.ts';
import { psnr, psnrLuma } from './psnr.ts';

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
} as const satisfies Record<string, ImageMetric>;
