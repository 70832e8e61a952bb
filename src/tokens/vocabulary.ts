import { CodecError } from '../core/errors.ts';

/** Ids that are no codes, in the order of their ids. */
export const specialNames = ['bos', 'eos', 'pad', 'sep'] as const;
export type SpecialName = (typeof specialNames)[number];

/** Ids from `from` on and below `to`. */
export interface IdRange {
  readonly from: number;
  readonly to: number;
}

export interface VocabularyOptions {
  readonly codebooks: number;
  readonly codebookSize: number;
  /** The first id: the size of the text vocabulary that is to be extended. Default 0. */
  readonly baseId?: number;
  /**
   * All codebooks have the same ids, for models with a table of embeddings per stream. Default false: each codebook has ids
   * of its own, one after another, for models of one stream.
   */
  readonly shared?: boolean;
}

/**
 * The ids of a language model's vocabulary: from `baseId` on the codes (`baseId + q * codebookSize + index`, or without
 * `q` when shared), then the special ids bos, eos, pad, sep. With `baseId` 0 and shared ids, codes are their own ids.
 */
export class Vocabulary {
  readonly codebooks: number;
  readonly codebookSize: number;
  readonly baseId: number;
  readonly shared: boolean;

  /** Throws `bad-argument` for sizes that are no whole numbers, or beyond int32. */
  constructor({ codebooks, codebookSize, baseId = 0, shared = false }: VocabularyOptions) {
    const whole = [codebooks, codebookSize, baseId].every(Number.isSafeInteger);
    if (!whole || codebooks < 1 || codebookSize < 1 || baseId < 0) {
      throw new CodecError('bad-argument', {
        what: 'cannot make a vocabulary',
        found: `${codebooks} codebooks of ${codebookSize} entries from id ${baseId}`,
        expected: 'whole numbers, at least 1 codebook and 1 entry, ids from 0',
      });
    }
    this.codebooks = codebooks;
    this.codebookSize = codebookSize;
    this.baseId = baseId;
    this.shared = shared;
    if (this.end > 2 ** 31) {
      throw new CodecError('bad-argument', {
        what: 'cannot make a vocabulary',
        found: `ids up to ${this.end - 1}`,
        expected: 'ids below 2^31',
      });
    }
  }

  /** The id after the last. */
  get end(): number {
    return this.specialsFrom + specialNames.length;
  }

  /** How many ids there are. */
  get size(): number {
    return this.end - this.baseId;
  }

  private get specialsFrom(): number {
    return this.baseId + (this.shared ? 1 : this.codebooks) * this.codebookSize;
  }

  special(name: SpecialName): number {
    return this.specialsFrom + specialNames.indexOf(name);
  }

  /** Special ids by name. */
  get specials(): Record<SpecialName, number> {
    return Object.fromEntries(specialNames.map((name) => [name, this.special(name)])) as never;
  }

  /** Ids of a codebook's entries. */
  range(codebook: number): IdRange {
    const from = this.baseId + (this.shared ? 0 : codebook * this.codebookSize);
    return { from, to: from + this.codebookSize };
  }

  /** Id of entry `index` of a codebook. */
  id(codebook: number, index: number): number {
    return this.range(codebook).from + index;
  }

  /** What an id means, for messages: a special's name, a codebook, or nothing. */
  describe(id: number): string {
    const special = specialNames.find((name) => this.special(name) === id);
    if (special) return `${id} (${special})`;
    if (this.shared || !(id >= this.baseId && id < this.specialsFrom)) return `${id}`;
    return `${id} (codebook ${Math.floor((id - this.baseId) / this.codebookSize)})`;
  }
}

/** 1 for each id in one of the ranges, for ids from `from` on and below `to`: what a sampler may choose from. */
export function idMask(ranges: readonly IdRange[], { from, to }: IdRange): Uint8Array {
  const mask = new Uint8Array(to - from);
  for (const range of ranges) mask.fill(1, Math.max(0, range.from - from), Math.max(0, range.to - from));
  return mask;
}
