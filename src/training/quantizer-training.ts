import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { compile, type Engine, type GraphIo } from '../engine/engine.ts';
import type { Weights } from '../nn/params.ts';
import { codebookName, nearestVectors } from '../quantizers/rvq.ts';
import type { Recipe } from '../recipe/schema.ts';
import { dataOf } from './checkpoint-tensors.ts';
import { CodebookAverages, type Nearest, SMOOTHING } from './codebook-averages.ts';
import type { Named, Probe } from './objective.ts';
import { type CodebookCounts, SegmentCodebooks } from './segment-codebooks.ts';
import { type QuantizedBatch, quantizeStraightThrough } from './straight-through.ts';

const INITIAL_BATCHES = 12;
const KMEANS_ROUNDS = 4;

/** The host's side of training a residual quantizer: its codebooks, and how segments use them. */
export class QuantizerTraining {
  readonly codebooks: CodebookAverages;
  readonly segments: SegmentCodebooks;
  private readonly recipe: Recipe;
  private readonly engine: Engine;

  constructor(recipe: Recipe, engine: Engine) {
    const { codebooks, codebookSize } = recipe.quantizer;
    this.recipe = recipe;
    this.engine = engine;
    this.segments = new SegmentCodebooks(recipe);
    this.codebooks = new CodebookAverages(codebooks, codebookSize, recipe.latent.dimension);
  }

  /** Everything learned, under the reference's state-dict names. */
  get tensors(): Map<string, HostTensor> {
    const { vectors, counts, sums } = this.codebooks;
    const { codebookSize: size } = this.recipe.quantizer;
    const shape = [size, this.recipe.latent.dimension];
    return new Map(
      vectors.flatMap((embed, q) => {
        const base = codebookName(q).replace(/embed$/, '');
        return [
          [`${base}embed`, float32(shape, embed)],
          [`${base}cluster_size`, float32([size], counts[q]!)],
          [`${base}embed_avg`, float32(shape, sums[q]!)],
        ] as [string, HostTensor][];
      }),
    );
  }

  /** The vectors alone, as inference needs them. */
  get vectors(): Map<string, HostTensor> {
    return new Map([...this.tensors].filter(([name]) => name.endsWith('.embed')));
  }

  /** Takes over a trained model's vectors. Throws `bad-weights` when it has none of these sizes. */
  adopt(model: Weights): void {
    for (const [q, [name, expected]] of [...this.vectors].entries()) {
      const vectors = dataOf(model, name, expected, {
        what: 'the weights to start from are not of this recipe',
        remedy: 'Start from weights of the same sizes.',
      });
      this.codebooks.adopt(q, vectors, this.segments.rows);
    }
  }

  /** Inputs of a pass: the codebooks, and which of them its segments use. */
  inputs(counts: CodebookCounts): Named {
    const { quantizer, latent } = this.recipe;
    const vectors = this.codebooks.vectors.map((data, q) => [
      `codebook:${q}`,
      float32([quantizer.codebookSize, latent.dimension], data),
    ]);
    return { ...Object.fromEntries(vectors), ...this.segments.inputs(counts) };
  }

  /** Quantizes a batch's latents [rows, dimension] in a graph whose inputs are those of `inputs`. */
  quantize(io: GraphIo, latents: Tensor2D, commitmentWeight: number): QuantizedBatch {
    const { codebooks, codebookSize } = this.recipe.quantizer;
    const vectors = Array.from(
      { length: codebooks },
      (_, q) => io.input(`codebook:${q}`, [codebookSize, this.recipe.latent.dimension]) as Tensor2D,
    );
    const { mask, bypass } = this.segments.declare(io);
    return quantizeStraightThrough(latents, vectors, mask, bypass, commitmentWeight);
  }

  /** How codebooks are learned and fed, for programs other than this. */
  rules(): Record<string, unknown> {
    const { quantizer, latent, training } = this.recipe;
    const names = this.codebooks.vectors.map((_, q) => codebookName(q).replace(/embed$/, ''));
    return {
      codebooks: names.map((name, q) => ({
        input: `codebook:${q}`,
        vectors: `${name}embed`,
        counts: `${name}cluster_size`,
        sums: `${name}embed_avg`,
      })),
      codebookSize: quantizer.codebookSize,
      dimension: latent.dimension,
      unquantizedSteps: training.unquantizedSteps,
      decay: training.codebookDecay,
      deadShare: training.deadCodeShare,
      smoothing: SMOOTHING,
      initialBatches: INITIAL_BATCHES,
      kmeansRounds: KMEANS_ROUNDS,
    };
  }

  /** Fills the codebooks by k-means on latents of batches drawn at random. */
  async initialise(probe: Probe, rng: Rng): Promise<void> {
    const { dimension } = this.recipe.latent;
    const { rows } = this.segments;
    const latents = new Float32Array(INITIAL_BATCHES * rows * dimension);
    const unquantized = this.inputs(this.segments.conditions(false).none!);
    for (let i = 0; i < INITIAL_BATCHES; i++) {
      const outputs = await probe(unquantized);
      latents.set(outputs.latents!.data as Float32Array, i * rows * dimension);
    }
    const points = [INITIAL_BATCHES * rows, dimension];
    const vectors = [this.recipe.quantizer.codebookSize, dimension];
    const search = await compile(this.engine, (x, c) => nearestVectors(x as Tensor2D, c as Tensor2D), [
      points,
      vectors,
    ]);
    const nearest: Nearest = async (x, c) => {
      const [chosen] = await search.run(float32(points, x), float32(vectors, c));
      return chosen!.data as Int32Array;
    };
    await this.codebooks.initialise(latents, KMEANS_ROUNDS, nearest, rng);
    await search.dispose();
  }

  /** Takes a step's outputs into the averages. Gives how many vectors were replaced. */
  update({ latents, codes }: Named, rng: Rng): number {
    const { codebookDecay: decay, deadCodeShare: deadShare } = this.recipe.training;
    return this.codebooks.update(
      latents!.data as Float32Array,
      codes!.data as Int32Array,
      { decay, deadShare },
      rng,
    );
  }
}
