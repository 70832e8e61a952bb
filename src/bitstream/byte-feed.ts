import { CodecError } from '../core/errors.ts';
import { ByteWindow } from './byte-window.ts';

/** Bytes whole or as they come. */
export type ByteStream = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

type Pieces = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

const PIECE_BYTES = 1 << 16;

/** The pieces of a stream, one after another. */
export function piecesOf(source: ByteStream): Pieces {
  if (source instanceof Uint8Array) return cut(source);
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Whole files go in by pieces too, or whoever keeps a window on them would copy them. */
function* cut(whole: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < whole.length; at += PIECE_BYTES) yield whole.subarray(at, at + PIECE_BYTES);
}

/** The next piece, or undefined at the end. Throws `bad-argument` for a stream of something else than bytes. */
export async function nextPiece(pieces: Pieces): Promise<Uint8Array | undefined> {
  const { done, value } = await pieces.next();
  if (done) return undefined;
  if (value instanceof Uint8Array) return value;
  throw new CodecError('bad-argument', {
    what: 'cannot read the stream',
    found: `a piece of type ${typeof value}`,
    expected: 'bytes (Uint8Array)',
    remedy: 'Do not set an encoding on the stream.',
  });
}

/** Reads a byte stream forwards: wait for as many bytes as the next step may take, then take them. */
export class ByteFeed {
  private readonly pieces: Pieces;
  private readonly window = new ByteWindow();
  private ended = false;

  constructor(source: ByteStream) {
    this.pieces = piecesOf(source);
  }

  /** Of the next byte, in the stream. */
  get position(): number {
    return this.window.position(this.window.offset);
  }

  /** Bytes at hand. */
  get available(): number {
    return this.window.length - this.window.offset;
  }

  /** Waits until `count` bytes are at hand or the stream has ended. Memory stays within `count` and one piece. */
  async want(count: number): Promise<void> {
    while (this.available < count && !this.ended) {
      const piece = await nextPiece(this.pieces);
      if (piece) this.window.append(piece);
      else this.ended = true;
    }
  }

  /** The next byte at hand, or -1. */
  byte(): number {
    const { window } = this;
    return window.offset < window.length ? window.bytes[window.offset++]! : -1;
  }

  /** A copy of the next `count` bytes, fewer if fewer are at hand; they will come again. */
  peek(count: number): Uint8Array<ArrayBuffer> {
    const { bytes, offset, length } = this.window;
    return bytes.slice(offset, Math.min(length, offset + count)) as Uint8Array<ArrayBuffer>;
  }

  /** A copy of the next `count` bytes, fewer if fewer are at hand. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const taken = this.peek(count);
    this.window.offset += taken.length;
    return taken;
  }

  /** All that is left. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        if (this.available > 0) yield this.take(this.available);
        else if (this.ended) return;
        else await this.want(1);
      }
    } finally {
      await this.close();
    }
  }

  /** Lets go of the source before its end. */
  async close(): Promise<void> {
    if (!this.ended) await this.pieces.return?.();
    this.ended = true;
  }
}
