import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { BinaryDecoder, BinaryEncoder } from './binary-coder.ts';
import {
  assertCodes,
  badPayload,
  type Coded,
  type CodesShape,
  type EntropyCoder,
  MAX_INDICES,
  nominalBytes,
} from './entropy-coder.ts';
import type { IndexModel } from './index-model.ts';
import { rawCoder } from './raw.ts';

/**
 * Arithmetic coding of indices with the predictions of a model, frame after frame. Chunks that would not become smaller
 * are written as plain bits.
 */
export class ModelCoder implements EntropyCoder {
  private readonly model: IndexModel;
  private readonly codebookSize: number;
  private readonly mode: number;

  /** `mode`: the number under which chunks name this model. */
  constructor(model: IndexModel, codebookSize: number, mode: number) {
    this.model = model;
    this.codebookSize = codebookSize;
    this.mode = mode;
  }

  encode(codes: Codes): Coded {
    this.assertCovers(codes);
    const nominal = nominalBytes(codes);
    const encoder = new BinaryEncoder(nominal + 16);
    this.follow(codes, (bit, p) => encoder.encodeBit(bit, p));
    const bytes = encoder.finish();
    return bytes.length < nominal ? { bytes, mode: this.mode } : rawCoder.encode(codes);
  }

  decode(coded: Coded, shape: CodesShape): Codes {
    if (coded.mode !== this.mode) return rawCoder.decode(coded, shape);
    const { codebooks, frames } = shape;
    if (!this.covers(shape)) {
      const { found, expected } = this.mismatch(shape);
      throw badPayload(found, expected);
    }
    const { model } = this;
    const decoder = new BinaryDecoder(coded.bytes);
    const indices = new Int32Array(codebooks * frames);
    model.reset();
    for (let t = 0; t < frames; t++) {
      for (let q = 0; q < codebooks; q++) {
        const tree = model.trees[q]!;
        model.begin(q);
        let node = 1;
        for (let level = 0; level < tree.depth; level++) {
          let bit = 0;
          if (tree.isOpen(node, level)) {
            bit = decoder.decodeBit(model.predict(node, level));
            model.update(bit);
          }
          node = 2 * node + bit;
        }
        const index = tree.indices[node - tree.nodes]!;
        indices[q * frames + t] = index;
        model.end(index);
      }
      model.endFrame();
    }
    if (decoder.hasUnusedBytes) throw badPayload(`${coded.bytes.length} bytes`, 'fewer for these codes');
    return { ...shape, indices };
  }

  codebookBits(codes: Codes): Float64Array {
    this.assertCovers(codes);
    const bits = new Float64Array(codes.codebooks);
    this.follow(codes, (bit, p, q) => {
      bits[q]! += 16 - Math.log2(bit ? p : 65_536 - p);
    });
    return bits;
  }

  /** Walks through codes as the decoder will: every decision, its probability of being 1, and its codebook. */
  private follow(
    { indices, codebooks, frames }: Codes,
    decide: (bit: number, probability1: number, codebook: number) => void,
  ): void {
    const { model } = this;
    model.reset();
    for (let t = 0; t < frames; t++) {
      for (let q = 0; q < codebooks; q++) {
        const tree = model.trees[q]!;
        const index = indices[q * frames + t]!;
        const leaf = tree.nodes + tree.ranks[index]!;
        model.begin(q);
        for (let level = 0; level < tree.depth; level++) {
          const node = leaf >>> (tree.depth - level);
          if (!tree.isOpen(node, level)) continue;
          const bit = (leaf >>> (tree.depth - level - 1)) & 1;
          decide(bit, model.predict(node, level), q);
          model.update(bit);
        }
        model.end(index);
      }
      model.endFrame();
    }
  }

  private assertCovers(codes: Codes): void {
    assertCodes(codes);
    if (this.covers(codes)) return;
    throw new CodecError('bad-argument', { what: 'cannot code these codes', ...this.mismatch(codes) });
  }

  private covers({ codebooks, frames, codebookSize }: CodesShape): boolean {
    const fits = codebooks <= this.model.trees.length && codebookSize === this.codebookSize;
    return fits && codebooks * frames <= MAX_INDICES;
  }

  private mismatch({ codebooks, frames, codebookSize }: CodesShape): { found: string; expected: string } {
    return {
      found: `${codebooks} codebooks of ${codebookSize}, ${frames} frames`,
      expected: `at most ${this.model.trees.length} of ${this.codebookSize}, ${MAX_INDICES} indices`,
    };
  }
}
