import { CodecError } from '../core/errors.ts';
import type { Layout } from './layouts/layout.ts';
import { lengthOf, type Plan, planOf } from './layouts/plan.ts';
import { parseStreams, withoutSpecials } from './sequence-parser.ts';
import type { IdRange, Vocabulary } from './vocabulary.ts';

/** What a language model is trained on. */
export interface TokenSequence {
  /** `ids[stream][position]`, all streams of one length. */
  readonly ids: Int32Array[];
  /** 1 where a code stands, 0 at padding and other special ids. */
  readonly mask: Uint8Array[];
}

export interface SequenceOptions {
  /** Begin every stream with bos. Default false. */
  readonly bos?: boolean;
  /** End every stream with eos. Default false. */
  readonly eos?: boolean;
}

export interface ParseOptions {
  /**
   * What to do with ids that are no complete sequence, as a model's output may be: throw (the default), or take the longest
   * run of complete frames from the start, which may be none.
   */
  readonly invalid?: 'error' | 'prefix';
}

/** Codes to sequences of ids, and back. */
export class TokenSequencer {
  readonly layout: Layout;
  readonly vocabulary: Vocabulary;
  private plan: Plan | undefined;

  /** Throws `bad-argument` for a vocabulary of fewer codebooks than the layout has. */
  constructor(layout: Layout, vocabulary: Vocabulary) {
    if (vocabulary.codebooks < layout.shape.codebooks) {
      throw new CodecError('bad-argument', {
        what: 'the vocabulary does not fit the layout',
        found: `${vocabulary.codebooks} codebooks`,
        expected: `${layout.shape.codebooks}`,
      });
    }
    this.layout = layout;
    this.vocabulary = vocabulary;
  }

  /** Positions that `frames` frames take, without bos and eos. */
  length(frames: number): number {
    return lengthOf(this.layout, frames);
  }

  /**
   * codes -> ids
   * @param codes `codes[q][t]`, row q of frames * rates[q] entries
   * @throws `bad-argument` for codes that do not fit layout and vocabulary
   */
  encode(
    codes: readonly ArrayLike<number>[],
    { bos = false, eos = false }: SequenceOptions = {},
  ): TokenSequence {
    const frames = this.assertFits(codes);
    const { streams } = this.layout;
    const plan = this.planFor(frames);
    const start = bos ? 1 : 0;
    const total = start + plan.length + (eos ? 1 : 0);
    const ids = Array.from({ length: streams }, () =>
      new Int32Array(total).fill(this.vocabulary.special('pad')),
    );
    const mask = Array.from({ length: streams }, () => new Uint8Array(total));
    for (let s = 0; s < streams; s++) {
      if (bos) ids[s]![0] = this.vocabulary.special('bos');
      if (eos) ids[s]![total - 1] = this.vocabulary.special('eos');
      for (let i = 0; i < plan.length; i++) {
        const q = plan.codebook[s]![i]!;
        if (q < 0) continue;
        ids[s]![start + i] = this.vocabulary.id(q, codes[q]![plan.index[s]![i]!]!);
        mask[s]![start + i] = 1;
      }
    }
    return { ids, mask };
  }

  /**
   * ids -> codes: the exact inverse of `encode`. A bos at the start, an eos and all after it, and pad at the end may be there
   * or not.
   * @throws `bad-tokens` that names the first id that is wrong, unless `invalid` is `prefix`
   */
  decode(ids: readonly ArrayLike<number>[], { invalid = 'error' }: ParseOptions = {}): Int32Array[] {
    const { layout, vocabulary } = this;
    if (ids.length !== layout.streams || ids.some((stream) => stream.length !== ids[0]!.length)) {
      throw new CodecError('bad-tokens', {
        what: 'these ids are no sequence of the layout',
        found: `streams of ${ids.map((stream) => stream.length).join(', ') || 'no'} ids`,
        expected: `${layout.streams} of equal length`,
      });
    }
    return parseStreams(withoutSpecials(ids, vocabulary), layout, vocabulary, invalid === 'prefix');
  }

  /**
   * The ids that may stand at a position (counted without bos) of a stream: for constrained decoding.
   * @param frames of the whole signal where that is known; else it may end wherever a frame does, with pad in the streams that
   *   are ahead and then eos
   */
  legal(stream: number, position: number, frames?: number): IdRange[] {
    const { layout, vocabulary } = this;
    const only = (id: number) => ({ from: id, to: id + 1 });
    const pad = only(vocabulary.special('pad'));
    const eos = only(vocabulary.special('eos'));
    if (frames !== undefined) {
      const plan = this.planFor(frames);
      if (position >= plan.length) return [eos];
      const q = plan.codebook[stream]![position]!;
      return [q < 0 ? pad : vocabulary.range(q)];
    }
    const ends = this.endsAt(position) ? [eos] : [];
    // A stream of such a layout is one codebook's.
    if (layout.framesLead) return [vocabulary.range(stream), pad, ...ends];
    const plan = this.planAtLeast(position + 1);
    const q = plan.codebook[stream]![position]!;
    if (q < 0) return [pad, ...ends];
    const frame = Math.floor(plan.index[stream]![position]! / layout.shape.rates[q]!);
    // Nothing follows the last position but eos, so that streams of one are never padded.
    const padded = frame > 0 && layout.streams > 1 ? [pad] : [];
    return [vocabulary.range(q), ...padded, ...ends];
  }

  /** Whether a signal of some whole number of frames takes that many positions. */
  private endsAt(length: number): boolean {
    let [least, most] = [1, length];
    while (least < most) {
      const middle = (least + most) >> 1;
      if (this.length(middle) < length) least = middle + 1;
      else most = middle;
    }
    return length > 0 && this.length(least) === length;
  }

  private planFor(frames: number): Plan {
    if (this.plan?.frames !== frames) this.plan = planOf(this.layout, frames);
    return this.plan;
  }

  private planAtLeast(frames: number): Plan {
    if (!(this.plan && this.plan.frames >= frames)) this.plan = planOf(this.layout, 2 * frames);
    return this.plan;
  }

  /** Frames of codes that fit. */
  private assertFits(codes: readonly ArrayLike<number>[]): number {
    const { rates, codebooks } = this.layout.shape;
    const frames = codes[0]?.length ?? 0;
    const { codebookSize } = this.vocabulary;
    const refuse = (found: string, expected: string) =>
      new CodecError('bad-argument', { what: 'these codes do not fit the layout', found, expected });
    if (codes.length !== codebooks || codes.some((row, q) => row.length !== frames * rates[q]!)) {
      throw refuse(
        `codebooks of ${codes.map((row) => row.length).join(', ') || 'no'} entries`,
        `${codebooks} of ${rates.join(', ')} entries a frame`,
      );
    }
    for (const [q, row] of codes.entries()) {
      for (let i = 0; i < row.length; i++) {
        const index = row[i]!;
        if (Number.isInteger(index) && index >= 0 && index < codebookSize) continue;
        throw refuse(`${index} at ${i} of codebook ${q}`, `indices from 0 and below ${codebookSize}`);
      }
    }
    return frames;
  }
}
