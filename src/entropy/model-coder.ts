import type { Codes } from '../core/codes.ts';
import { BinaryDecoder, BinaryEncoder } from './binary-coder.ts';
import { CompressingCoder } from './compressing-coder.ts';
import { badPayload, type CodesShape } from './entropy-coder.ts';
import type { IndexModel } from './index-model.ts';

/** Arithmetic coding of indices with the predictions of a model, frame after frame. */
export class ModelCoder extends CompressingCoder {
  private readonly model: IndexModel;

  /** `mode`: the number under which chunks name this model. */
  constructor(model: IndexModel, codebookSize: number, mode: number) {
    super(model.trees.length, codebookSize, mode);
    this.model = model;
  }

  protected override compress(codes: Codes, roomBytes: number): Uint8Array {
    const encoder = new BinaryEncoder(roomBytes);
    this.follow(codes, (bit, p) => encoder.encodeBit(bit, p));
    return encoder.finish();
  }

  protected override expand(bytes: Uint8Array, { codebooks, frames }: CodesShape): Int32Array<ArrayBuffer> {
    const { model } = this;
    const decoder = new BinaryDecoder(bytes);
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
    if (decoder.hasUnusedBytes) throw badPayload(`${bytes.length} bytes`, 'fewer for these codes');
    return indices;
  }

  override codebookBits(codes: Codes): Float64Array {
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
}
