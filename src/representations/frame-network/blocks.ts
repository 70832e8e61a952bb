import * as tf from '@tensorflow/tfjs-core';
import type { Params } from '../../core/stages.ts';
import { conv2d, depthwiseConv2d, gelu } from '../../nn/conv2d.ts';
import { pixelShuffle, upsampleBilinear } from '../../nn/upsampling.ts';

/** What a block of a frame decoder is to do. */
export interface BlockSpec {
  readonly name: string;
  readonly outChannels: number;
  readonly kernel: number;
  /** Times larger that what comes out is. */
  readonly stride: number;
}

interface Block {
  readonly about: string;
  apply(x: tf.Tensor4D, spec: BlockSpec, params: Params): tf.Tensor4D;
}

/** Convolution, then channels to places (NeRV, Chen et al. 2021), then GELU. */
function upsample(x: tf.Tensor4D, { name, outChannels, kernel, stride }: BlockSpec, params: Params) {
  const y = conv2d(x, `${name}.up`, outChannels * stride ** 2, kernel, params, Math.SQRT2);
  return gelu(pixelShuffle(y, stride));
}

/** Adds to x what a convolution of each channel and one across channels make of it. */
function separableResidual(x: tf.Tensor4D, name: string, params: Params): tf.Tensor4D {
  const spread = gelu(depthwiseConv2d(x, `${name}.depthwise`, 3, params));
  return tf.add(x, conv2d(spread, `${name}.pointwise`, x.shape[3], 1, params, 0.5));
}

/** How a decoder makes its frames larger. */
export const blocks = {
  shuffle: {
    about: 'convolution and pixel shuffle, as in HNeRV (Chen et al., CVPR 2023)',
    apply: upsample,
  },
  separable: {
    about:
      'the same between separable residual blocks, with a bilinear skip, as in NeRV++ (Ghorbel et al. 2024)',
    apply(x, spec, params) {
      const { name, outChannels, stride } = spec;
      const before = separableResidual(x, `${name}.before`, params);
      const after = separableResidual(upsample(before, spec, params), `${name}.after`, params);
      const skip = upsampleBilinear(conv2d(x, `${name}.skip`, outChannels, 1, params), stride);
      return tf.add(after, skip);
    },
  },
} as const satisfies Record<string, Block>;

export type BlockName = keyof typeof blocks;

export const blockNames = Object.keys(blocks) as [BlockName, ...BlockName[]];
