import { CodecError } from '../../core/errors.ts';
import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import { PARAMETER_BITS } from '../../entropy/laplace.ts';
import { loadWeights } from '../../weights/store.ts';
import { analyse } from './analysis.ts';
import { gridSizes, type LatentImageOptions, networkParts, type Size } from './geometry.ts';
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
const QUARTER_OCTAVES = [1, 1.189207115002721, Math.SQRT2, 1.681792830507429];
/** Tensors whose rows but the last are for latents. */
const OF_LATENTS = ['synthesis.skip', 'synthesis.0'];

/**
 * Networks that decoders know: those of `weights` where their shapes fit, else zero, and cubic upsampling.
 * @param gain as in `Start`
 */
export function knownNetwork(options: LatentImageOptions, channels: number, gain: number): Network {
  const stored = options.weights === undefined ? undefined : loadWeights(options.weights).tensors;
  const network: Network = new Map();
  for (const { tensors } of networkParts(options, channels)) {
    for (const { name, shape } of tensors) {
      const known = stored?.get(name);
      const fits = known?.shape.join() === shape.join();
      const tensor = float32(shape);
      if (fits) tensor.data.set(known!.data as Float32Array);
      else if (name === 'upsampling')
        tensor.data.forEach((_, i) => {
          tensor.data[i] = CUBIC[i % 4]!;
        });
      // Integers of the fixed point: so are then their sums with what is coded.
      if (name.startsWith('context.')) roundTo(tensor.data, 1 << PARAMETER_BITS);
      if (OF_LATENTS.includes(name)) scaleRows(tensor.data, shape as Size, gain);
      network.set(name, tensor);
    }
  }
  if (stored && ![...network.keys()].some((name) => stored.has(name))) {
    throw new CodecError('bad-weights', {
      what: `the weights ${options.weights} are not of a representation like this`,
      expected: [...network.keys()].join(', '),
    });
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
  const random = (name: string, factor: number) => {
    const { shape, data } = network.get(name)!;
    if (data.some((value) => value !== 0)) return;
    const [inputs, outputs] = shape as Size;
    const bound = factor * Math.sqrt(3 / inputs);
    for (let i = 0; i < (inputs - 1) * outputs; i++) data[i] = bound * (2 * rng.uniform() - 1);
  };
  for (const name of ['context.0', 'context.1']) random(name, 1);
  random('context.2', 0.1);
  if (network.get('synthesis.skip')!.data.every((value) => value === 0)) {
    // A step as at the slope dD/dR = -2 ln 2 step^2 / 12, the same in all channels, on middle grey.
    const { data } = network.get('synthesis.skip')!;
    data.fill(Math.sqrt((12 * lambda) / (2 * Math.LN2)));
    data.fill(0.5, options.levels * channels);
  }
  random('synthesis.0', 0.3);
  random('synthesis.1', 0.1);
  const stored = options.weights === undefined ? undefined : loadWeights(options.weights).tensors;
  const known = stored && analyse(picture, options, stored);
  const factor = octaves(-clamped);
  const sizes = gridSizes(options, [height, width]);
  const grids =
    known?.map((values) => values.map((value) => value * factor)) ??
    sizes.map(([rows, columns]) => new Float32Array(rows * columns));
  return { network, grids, gain: clamped };
}

function roundTo(values: Float32Array, unit: number): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i]! * unit) / unit;
}

function scaleRows(values: Float32Array, [inputs, outputs]: Size, gain: number): void {
  const factor = octaves(gain);
  for (let i = 0; i < (inputs - 1) * outputs; i++) values[i]! *= factor;
}

/** 2^(quarters / 4), the same on every machine. */
function octaves(quarters: number): number {
  return QUARTER_OCTAVES[quarters & 3]! * 2 ** (quarters >> 2);
}
