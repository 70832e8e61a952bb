import { CodecError } from '../../core/errors.ts';
import type { SpecialName, Vocabulary } from '../vocabulary.ts';
import { applyMerges, type Merge, trainMerges } from './merges.ts';

export interface BpeShape {
  /** The first id of a code. */
  readonly baseId: number;
  /** How many ids of codes there are. */
  readonly codeIds: number;
  readonly specials: Readonly<Record<SpecialName, number>>;
}

export interface BpeTrainingOptions {
  readonly vocabulary: Vocabulary;
  /** Ids in all: those of the vocabulary, and pieces. */
  readonly size: number;
  /** A pair of neighbours must occur that often to become a piece. Default 2. */
  readonly minCount?: number;
}

/** How much shorter sequences are in pieces. */
export interface Compression {
  readonly ids: number;
  readonly pieces: number;
  /** ids / pieces */
  readonly ratio: number;
}

/**
 * Byte pair encoding of sequences of ids, one stream of a layout: ids that often follow each other become one piece. Ids of
 * codes and special ids keep their numbers; pieces have the numbers after them. Special ids are never part of a piece.
 */
export class AcousticBpe {
  readonly shape: BpeShape;
  readonly merges: readonly Merge[];
  private readonly ranks = new Map<number, Map<number, number>>();
  /** The ids a piece stands for, by piece. */
  private readonly expanded = new Map<number, readonly number[]>();

  constructor(shape: BpeShape, merges: readonly Merge[]) {
    this.shape = shape;
    this.merges = merges;
    for (const [rank, { left, right, id }] of merges.entries()) {
      const row = this.ranks.get(left) ?? new Map<number, number>();
      this.ranks.set(left, row.set(right, rank));
      this.expanded.set(id, [...this.idsOf(left), ...this.idsOf(right)]);
    }
  }

  /**
   * Learns pieces.
   * @param sequences of ids of one stream, such as a `TokenSequencer` of a layout of one stream gives
   * @throws `bad-argument` for a size that leaves no room for pieces, `bad-tokens` for ids that are not of the vocabulary
   */
  static train(
    sequences: readonly ArrayLike<number>[],
    { vocabulary, size, minCount = 2 }: BpeTrainingOptions,
  ): AcousticBpe {
    const { baseId, end, specials } = vocabulary;
    const pieces = size - vocabulary.size;
    if (!Number.isSafeInteger(size) || pieces < 1 || baseId + size > 2 ** 26) {
      throw new CodecError('bad-argument', {
        what: 'cannot learn pieces',
        found: `${size} ids in all`,
        expected: `more than the vocabulary's ${vocabulary.size}, and at most ${2 ** 26 - baseId}`,
      });
    }
    const shape = { baseId, codeIds: specials.bos - baseId, specials };
    const empty = new AcousticBpe(shape, []);
    const parts = sequences.flatMap((sequence) => empty.split(sequence).filter((part) => part.length > 1));
    return new AcousticBpe(shape, trainMerges(parts, { pieces, firstId: end, minCount }));
  }

  /** The id after the last piece. */
  get end(): number {
    return this.firstPiece + this.expanded.size;
  }

  /** ids -> pieces. Throws `bad-tokens` for ids that are not of the vocabulary. */
  encode(ids: ArrayLike<number>): Int32Array {
    return Int32Array.from(
      this.split(ids).flatMap((part) =>
        part.length > 1 ? applyMerges(part, this.ranks, this.merges) : part,
      ),
    );
  }

  /** pieces -> ids: the exact inverse of `encode`. Throws `bad-tokens` for what is no piece. */
  decode(pieces: ArrayLike<number>): Int32Array {
    return Int32Array.from(
      Array.from(pieces).flatMap((piece) => {
        if (!this.expanded.has(piece)) this.assertKnown(piece);
        return this.idsOf(piece);
      }),
    );
  }

  /** How much shorter these sequences become. */
  compression(sequences: readonly ArrayLike<number>[]): Compression {
    let [ids, pieces] = [0, 0];
    for (const sequence of sequences) {
      ids += sequence.length;
      pieces += this.encode(sequence).length;
    }
    return { ids, pieces, ratio: pieces > 0 ? ids / pieces : 1 };
  }

  /** The ids of codes that a piece, or an id, stands for. */
  idsOf(piece: number): readonly number[] {
    return this.expanded.get(piece) ?? [piece];
  }

  private get firstPiece(): number {
    return this.shape.baseId + this.shape.codeIds + Object.keys(this.shape.specials).length;
  }

  /** Runs of codes, and each special id alone. */
  private split(ids: ArrayLike<number>): number[][] {
    const { baseId, codeIds } = this.shape;
    const parts: number[][] = [];
    let run: number[] | undefined;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      this.assertKnown(id);
      if (id >= baseId + codeIds) {
        parts.push([id]);
        run = undefined;
      } else {
        run ??= newRun(parts);
        run.push(id);
      }
    }
    return parts;
  }

  private assertKnown(id: number): void {
    const { baseId } = this.shape;
    if (Number.isInteger(id) && id >= baseId && id < this.firstPiece) return;
    throw new CodecError('bad-tokens', {
      what: 'these ids are not of the vocabulary',
      found: `${id}`,
      expected: `ids from ${baseId} to ${this.firstPiece - 1}`,
    });
  }
}

function newRun(parts: number[][]): number[] {
  const run: number[] = [];
  parts.push(run);
  return run;
}
