import { octaves } from '../../core/octaves.ts';
import { Rng } from '../../core/rng.ts';
import type { HostTensor } from '../../core/tensor.ts';
import { type PaddedGrid, roundedGrid, rowStart } from '../../fitting/latents/padded-grid.ts';
import { isEmpty, randomise, randomiseContext, storedNetwork } from '../../fitting/start.ts';
import { networkParts, SPREAD_PARTS } from './geometry.ts';
import type { LatentAudioOptions } from './options.ts';
import type { Target } from './target.ts';

/** Where a fit begins. */
export interface Start {
  readonly network: ReadonlyMap<string, HostTensor>;
  /** Coefficients in units that will be rounded, [frames, channels * hop]. */
  readonly fine: Float32Array;
  /** log2 of the amplitudes of those units, [rows, channels * bands]. */
  readonly gains: PaddedGrid;
  /** What all units are multiplied by, in quarter octaves. */
  readonly step: number;
}

export const MAX_STEP = 63;

/** Lambda that a step is for, of the one at its slope: what more saves in small coefficients is heard, see docs/inr.md. */
const LAMBDA_SHARE = 0.4;

/** The step of a uniform quantizer at whose slope a bit is worth so much squared error: dD/dR = -2 ln 2 step^2 / 12. */
export function stepFor(lambda: number): number {
  const step = Math.round(2 * Math.log2((12 * lambda) / LAMBDA_SHARE / (2 * Math.LN2)));
  return Math.max(-MAX_STEP, Math.min(MAX_STEP, step));
}

/** The known networks, those of unknown shape at random; tolerances for gains, and the coefficients in their units. */
export function freshStart(
  options: LatentAudioOptions,
  target: Target,
  stepOf: (tile: number) => number,
  seed: number,
): Start {
  const network = storedNetwork(networkParts(options), options.weights);
  const rng = new Rng(seed);
  randomiseContext(network, 'gain-context', rng);
  randomiseContext(network, 'fine-context', rng);
  randomise(network.get('synthesis.0')!, 0.3, rng);
  const last = network.get('synthesis.1')!;
  const unknown = isEmpty(last);
  randomise(last, 0.1, rng);
  // A quarter of a unit of noise, to begin with.
  if (unknown) last.data[last.data.length - 1] = -2;
  const { geometry, coefficients, tolerance } = target;
  const columns = geometry.fineSize[1];
  const gains = roundedGrid(tolerance, geometry.gainSize);
  const fine = new Float32Array(coefficients.length);
  const row = new Float64Array(columns);
  for (let t = 0; t < geometry.frames; t++) {
    geometry.spreadRow(t, (y, x) => gains.latents[rowStart(gains, y) + x]!, row);
    const factor = octaves(-stepOf(Math.floor(t / geometry.tileFrames)));
    for (let i = 0; i < columns; i++) {
      fine[t * columns + i] = coefficients[t * columns + i]! * factor * 2 ** (-row[i]! / SPREAD_PARTS);
    }
  }
  return { network, fine, gains, step: stepOf(0) };
}

/** The same in units of another step. */
export function restepped(start: Start, step: number): Start {
  const factor = octaves(start.step - step);
  return { ...start, fine: start.fine.map((value) => value * factor), step };
}
