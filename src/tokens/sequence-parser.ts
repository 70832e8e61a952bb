import { CodecError } from '../core/errors.ts';
import type { Layout } from './layouts/layout.ts';
import { planOf } from './layouts/plan.ts';
import type { Vocabulary } from './vocabulary.ts';

type Streams = readonly ArrayLike<number>[];

/** The streams without bos at the start, without eos and what follows it in any stream, and without pad at the end of all. */
export function withoutSpecials(ids: Streams, { specials: { bos, eos, pad } }: Vocabulary): Int32Array[] {
  const streams = ids.map((stream) => Int32Array.from(stream));
  const start = streams.length > 0 && streams.every((stream) => stream[0] === bos) ? 1 : 0;
  let end = streams[0]?.length ?? 0;
  for (const stream of streams) {
    const at = stream.indexOf(eos, start);
    if (at >= 0) end = Math.min(end, at);
  }
  while (end > start && streams.every((stream) => stream[end - 1] === pad)) end--;
  return streams.map((stream) => stream.slice(start, end));
}

/**
 * Streams of ids, special ones at the ends removed, to codes `[codebook][entry]`.
 * @param prefix take the complete frames from the start instead of throwing `bad-tokens`
 */
export function parseStreams(
  streams: Streams,
  layout: Layout,
  vocabulary: Vocabulary,
  prefix: boolean,
): Int32Array[] {
  const reader = new FrameReader(streams, layout, vocabulary);
  const frames = reader.completeFrames();
  if (!prefix) reader.assertComplete(frames);
  return layout.shape.rates.map((rate, q) =>
    Int32Array.from({ length: frames * rate }, (_, i) => reader.at(q, i)! - vocabulary.range(q).from),
  );
}

/** Finds codes in streams that may be anything. */
class FrameReader {
  private readonly streams: Streams;
  private readonly layout: Layout;
  private readonly vocabulary: Vocabulary;
  /** Frames of the whole signal, where places depend on it. */
  private readonly total: number;

  constructor(streams: Streams, layout: Layout, vocabulary: Vocabulary) {
    this.streams = streams;
    this.layout = layout;
    this.vocabulary = vocabulary;
    this.total = layout.framesLead ? this.leadingCodes() : Number.POSITIVE_INFINITY;
  }

  /** The id in the place of a code; undefined beyond the end. */
  at(codebook: number, index: number): number | undefined {
    const { stream, position } = this.layout.place(codebook, index, this.total);
    return this.streams[stream]![position];
  }

  completeFrames(): number {
    let frames = 0;
    while (frames < this.total && this.cells(frames).every(({ q, index }) => this.isCode(q, index))) frames++;
    return frames;
  }

  /** Throws `bad-tokens` unless the streams hold so many frames and nothing else. */
  assertComplete(frames: number): void {
    const { streams, layout, vocabulary } = this;
    const length = streams[0]!.length;
    const plan = planOf(layout, frames);
    const pad = vocabulary.special('pad');
    const next = frames < this.total ? this.cells(frames) : [];
    // A frame that has begun, or must be there because none is complete.
    if (frames === 0 || next.some(({ q, index }) => this.isCode(q, index))) {
      const { q, index } = (next.length > 0 ? next : this.cells(0)).find((c) => !this.isCode(c.q, c.index))!;
      const { stream, position } = layout.place(q, index, this.total);
      const { from, to } = vocabulary.range(q);
      throw wrongId(
        this.name(this.at(q, index)),
        stream,
        position,
        `codebook ${q}, ids ${from} to ${to - 1}`,
      );
    }
    for (let position = 0; position < length; position++) {
      for (const [stream, ids] of streams.entries()) {
        const isCode = position < plan.length && plan.codebook[stream]![position]! >= 0;
        if (!isCode && ids[position] !== pad)
          throw wrongId(this.name(ids[position]), stream, position, `pad, id ${pad}`);
      }
    }
  }

  private name(id: number | undefined): string {
    return id === undefined ? 'the end' : `id ${this.vocabulary.describe(id)}`;
  }

  private leadingCodes(): number {
    const { from, to } = this.vocabulary.range(0);
    const stream = this.streams[0]!;
    let count = 0;
    while (count < stream.length && stream[count]! >= from && stream[count]! < to) count++;
    return count;
  }

  /** The codes of one frame. */
  private cells(frame: number): { q: number; index: number }[] {
    return this.layout.shape.rates.flatMap((rate, q) =>
      Array.from({ length: rate }, (_, i) => ({ q, index: frame * rate + i })),
    );
  }

  private isCode(codebook: number, index: number): boolean {
    const id = this.at(codebook, index);
    const { from, to } = this.vocabulary.range(codebook);
    return id !== undefined && id >= from && id < to;
  }
}

function wrongId(found: string, stream: number, position: number, expected: string): CodecError {
  return new CodecError('bad-tokens', {
    what: 'these ids are no sequence of the layout',
    found: `${found} at position ${position} of stream ${stream}`,
    expected,
    remedy: "Decode with { invalid: 'prefix' } to keep the frames before it.",
  });
}
