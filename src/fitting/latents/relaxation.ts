import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../core/rng.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { GraphIo } from '../../engine/engine.ts';
import { NoiseTable, roundStraightThrough, softRound } from '../../nn/rounding.ts';
import type { Phase } from '../problem.ts';

/** Temperature of the soft rounding at the start and the end of the first phase (C3, section 3.1). */
const TEMPERATURE = [0.3, 0.1] as const;
/** Of the noise, all the time; weaker towards the end, as C3 has it, is worse in few steps. */
const NOISE_STRENGTH = 2;

/** Latents as a fit treats them in a phase: softly rounded with noise, or rounded. The inputs are those of `LatentNoise`. */
export function latentsIn(
  graph: Pick<GraphIo, 'input'>,
  name: string,
  value: tf.Tensor2D,
  phase: Phase,
): tf.Tensor2D {
  if (phase === 'rounded') return roundStraightThrough(value) as tf.Tensor2D;
  const temperature = graph.input('temperature', []);
  const noisy = tf.add(softRound(value, temperature), graph.input(`noise:${name}`, value.shape));
  return softRound(noisy, temperature) as tf.Tensor2D;
}

/** What `latentsIn` needs for planes of latents, by name. */
export class LatentNoise {
  private readonly planes: Record<string, HostTensor>;
  private readonly table = new NoiseTable(NOISE_STRENGTH);

  constructor(sizes: Readonly<Record<string, readonly [number, number]>>) {
    this.planes = Object.fromEntries(
      Object.entries(sizes).map(([name, size]) => [`noise:${name}`, float32([...size])]),
    );
  }

  /** @param progress in [0, 1) of the phase */
  draw(phase: Phase, progress: number, rng: Rng): Record<string, HostTensor> {
    if (phase === 'noise') {
      for (const { data } of Object.values(this.planes)) this.table.fill(data as Float32Array, rng);
    }
    const [hot, cold] = TEMPERATURE;
    return { ...this.planes, temperature: float32([], Float32Array.of(hot + (cold - hot) * progress)) };
  }
}
