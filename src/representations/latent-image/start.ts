import { octaves } from '../../core/octaves.ts';
import { Rng } from '../../core/rng.ts';
import type { HostTensor } from '../../core/tensor.ts';
import { isEmpty, randomise, randomiseContext, storedNetwork } from '../../fitting/start.ts';
import { loadWeights } from '../../weights/store.ts';
import { analyse } from './analysis.ts';
import { gridSizes, networkParts, type Size } from './geometry.ts';
import type { LatentImageOptions } from './options.ts';
import type { Picture } from './picture.ts';

type Network = Map<string, HostTensor>;

/** Where a fit begins. */
export interface Start {
  readonly network: ReadonlyMap<string, HostTensor>;
  /** Per level, [rows, columns], in units that will be rounded. */
  readonly grids: readonly Float32Array[];
  /** How much larger a unit of the latents is than in the networks that decoders know, in quarter octaves. */
  readonly gain: number;
}

/** Keys' cubic (1981, a = -0.5) half a pixel off: at distances 1.75, 0.75, 0.25, 1.25. */
const CUBIC = [-0.0234375, 0.2265625, 0.8671875, -0.0703125];
/** Lambda that the known networks were made at. */
const KNOWN_LAMBDA = 1e-3;
export const MAX_GAIN = 32;
/** Tensors whose rows but the last are for latents. */
const OF_LATENTS = ['synthesis.skip', 'synthesis.0'];

/**
 * Networks that decoders know: those of `weights` where their shapes fit, else zero, and cubic upsampling.
 * @param gain as in `Start`
 */
export function knownNetwork(options: LatentImageOptions, channels: number, gain: number): Network {
  const network = storedNetwork(networkParts(options, channels), options.weights);
  const upsampling = network.get('upsampling')!;
  if (isEmpty(upsampling)) for (const i of upsampling.data.keys()) upsampling.data[i] = CUBIC[i % 4]!;
  for (const name of OF_LATENTS) {
    const { data, shape } = network.get(name)!;
    scaleRows(data as Float32Array, shape as Size, gain);
  }
  return network;
}

/** A start for a picture: the known networks, those of unknown shape at random; latents by the known analysis, else zero. */
export function freshStart(
  options: LatentImageOptions,
  picture: Picture,
  lambda: number,
  seed: number,
): Start {
  const { width, height, channels } = picture;
  // The step of a uniform quantizer grows with the root of the error that a bit is worth.
  const gain = Math.round(2 * Math.log2(lambda / KNOWN_LAMBDA));
  const clamped = Math.max(-MAX_GAIN, Math.min(MAX_GAIN, gain));
  const network = knownNetwork(options, channels, clamped);
  const rng = new Rng(seed);
  randomiseContext(network, 'context', rng);
  const skip = network.get('synthesis.skip')!;
  if (isEmpty(skip)) {
    // A step as at the slope dD/dR = -2 ln 2 step^2 / 12, on middle grey.
    const step = Math.sqrt((12 * lambda) / (2 * Math.LN2));
    for (let level = 0; level < options.levels; level++) {
      for (const [c, share] of directionOf(level, channels).entries()) {
        skip.data[level * channels + c] = step * share;
      }
    }
    skip.data.fill(0.5, options.levels * channels);
  }
  randomise(network.get('synthesis.0')!, 0.3, rng);
  randomise(network.get('synthesis.1')!, 0.1, rng);
  const stored = options.weights === undefined ? undefined : loadWeights(options.weights).tensors;
  const known = stored && analyse(picture, options, stored);
  const factor = octaves(-clamped);
  const sizes = gridSizes(options, [height, width]);
  const grids =
    known?.map((values) => values.map((value) => value * factor)) ??
    sizes.map(([rows, columns]) => new Float32Array(rows * columns));
  return { network, grids, gain: clamped };
}

/**
 * What a level says of the channels at first, its squares' mean one. Without this all levels become much the same grey, and what
 * colour there is must come from their differences. The two finest levels are for what all channels have in common, then the
 * others take turns: red against blue, green against both, all; with other numbers of channels, each channel but the first.
 */
function directionOf(level: number, channels: number): number[] {
  const turn = level < 2 ? 0 : (level - 1) % channels;
  if (turn === 0) return new Array(channels).fill(1);
  if (channels !== 3)
    return Array.from({ length: channels }, (_, c) => (c === turn ? Math.sqrt(channels) : 0));
  return turn === 1 ? [Math.sqrt(1.5), 0, -Math.sqrt(1.5)] : [-Math.SQRT1_2, Math.SQRT2, -Math.SQRT1_2];
}

function scaleRows(values: Float32Array, [inputs, outputs]: Size, gain: number): void {
  const factor = octaves(gain);
  for (let i = 0; i < (inputs - 1) * outputs; i++) values[i]! *= factor;
}
