import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { Rng } from '../core/rng.ts';
import { float32 } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';
import type { Recipe } from '../recipe/schema.ts';
import { codebooksPerBitrate } from './bitrates.ts';
import type { Named } from './objective.ts';

/** How many codebooks each segment of a batch uses; 0 where it skips the quantizer. */
export type CodebookCounts = readonly number[];

/** Quantizer dropout (SoundStream, section III-C): which codebooks each segment of a batch uses, as inputs of its graph. */
export class SegmentCodebooks {
  private readonly recipe: Recipe;

  constructor(recipe: Recipe) {
    this.recipe = recipe;
  }

  /** Latents in a batch. */
  get rows(): number {
    const { batch, segmentFrames } = this.recipe.training;
    return batch * segmentFrames;
  }

  /** Each segment uses the codebooks of a bitrate drawn at random, or, with probability `bypassShare`, skips the quantizer. */
  drawn(rng: Rng, bypassShare: number): CodebookCounts {
    const counts = Object.values(codebooksPerBitrate(this.recipe));
    return Array.from({ length: this.recipe.training.batch }, () =>
      rng.uniform() < bypassShare ? 0 : counts[rng.int(counts.length)]!,
    );
  }

  /** What validation measures under: the quantizer skipped, and every bitrate once there are codebooks. */
  conditions(trained: boolean): Record<string, CodebookCounts> {
    const counts = { none: 0, ...(trained && codebooksPerBitrate(this.recipe)) };
    return Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [
        name,
        new Array<number>(this.recipe.training.batch).fill(count),
      ]),
    );
  }

  /** Values of the inputs that `declare` declares. */
  inputs(counts: CodebookCounts): Named {
    const { segmentFrames } = this.recipe.training;
    const { codebooks } = this.recipe.quantizer;
    const { rows } = this;
    const mask = new Float32Array(codebooks * rows);
    const bypass = new Float32Array(rows);
    for (const [segment, used] of counts.entries()) {
      const [from, to] = [segment * segmentFrames, (segment + 1) * segmentFrames];
      if (used === 0) bypass.fill(1, from, to);
      for (let q = 0; q < used; q++) mask.fill(1, q * rows + from, q * rows + to);
    }
    // A batch that skips the quantizer altogether would divide its commitment by nothing.
    if (bypass.every((b) => b === 1)) mask.fill(1e-6);
    return { mask: float32([codebooks, rows, 1], mask), bypass: float32([rows, 1], bypass) };
  }

  /** `mask` and `bypass` as `quantizeStraightThrough` takes them. */
  declare(io: GraphIo): { readonly mask: Tensor3D; readonly bypass: Tensor2D } {
    const { rows } = this;
    return {
      mask: io.input('mask', [this.recipe.quantizer.codebooks, rows, 1]) as Tensor3D,
      bypass: io.input('bypass', [rows, 1]) as Tensor2D,
    };
  }

  /** The same for programs other than this. */
  rules(): Record<string, unknown> {
    const { batch, segmentFrames, bypassShare } = this.recipe.training;
    const { codebooks } = this.recipe.quantizer;
    return { batch, segmentFrames, codebooks, bypassShare, bitrates: codebooksPerBitrate(this.recipe) };
  }
}
