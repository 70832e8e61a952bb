import { bitDepthOf, type RasterImage } from '../../core/signal.ts';

/** A picture of any depth in [0, 1]: `data[(y * width + x) * channels + c]`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export function pictureOf(raster: RasterImage): Picture {
  const { width, height, channels, data } = raster;
  const peak = 2 ** bitDepthOf(raster) - 1;
  return {
    width,
    height,
    channels,
    data: Float32Array.from(data, (sample) => sample / peak),
  };
}

/** Of two pictures of one size. */
export function meanSquaredError({ data: a }: Picture, { data: b }: Picture): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum / a.length;
}
