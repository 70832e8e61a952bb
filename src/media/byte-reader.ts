import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CodecError } from '../core/errors.ts';

/** Where bytes come from: a file path, or any stream of byte chunks such as `process.stdin`. */
export type ByteSource = string | AsyncIterable<Uint8Array>;

/** What a reader pulls from: the next bytes, or undefined at the end. */
interface Feed {
  readonly sizeBytes?: number;
  pull(): Promise<Uint8Array | undefined>;
  seekBy?(bytes: number): void;
  close(): Promise<void>;
}

const CHUNK_BYTES = 65_536;
const NOTHING = new Uint8Array(0);

/** Reads a file or stream forwards, a bounded piece at a time. */
export class ByteReader {
  /** What error messages call the source. */
  readonly name: string;
  /** The size of the whole source; undefined for streams. */
  readonly sizeBytes: number | undefined;
  /** Bytes consumed so far. */
  positionBytes = 0;
  private readonly feed: Feed;
  private pending: Uint8Array = NOTHING;
  private closed = false;

  constructor(name: string, feed: Feed) {
    this.name = name;
    this.sizeBytes = feed.sizeBytes;
    this.feed = feed;
  }

  /** The next `bytes` bytes, fewer only at the end of the source. */
  async read(bytes: number): Promise<Uint8Array> {
    const found = await this.peek(bytes);
    this.pending = this.pending.subarray(found.length);
    this.positionBytes += found.length;
    return found;
  }

  /** Like `read`, but the same bytes will be read again. */
  async peek(bytes: number): Promise<Uint8Array> {
    if (this.pending.length < bytes) this.pending = await this.gather(bytes);
    return this.pending.subarray(0, bytes);
  }

  /** Passes over `bytes` bytes, or to the end of the source if that comes first. */
  async skip(bytes: number): Promise<void> {
    let left = bytes;
    while (left > 0) {
      if (this.pending.length === 0) {
        if (this.feed.seekBy) {
          this.feed.seekBy(left);
          this.positionBytes += left;
          return;
        }
        const chunk = await this.pull();
        if (!chunk) return;
        this.pending = chunk;
      }
      const step = Math.min(left, this.pending.length);
      this.pending = this.pending.subarray(step);
      this.positionBytes += step;
      left -= step;
    }
  }

  /** Everything not read yet. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.pending.length > 0 ? this.pending : await this.pull();
        if (!chunk) return;
        this.pending = NOTHING;
        this.positionBytes += chunk.length;
        yield chunk;
      }
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.feed.close();
  }

  /** At least `bytes` bytes from `pending` on, unless the source ends. */
  private async gather(bytes: number): Promise<Uint8Array> {
    if (this.pending.length === 0) this.pending = (await this.pull()) ?? NOTHING;
    if (this.pending.length >= bytes) return this.pending;
    const joined = new Uint8Array(bytes);
    joined.set(this.pending);
    let filled = this.pending.length;
    while (filled < bytes) {
      const chunk = await this.pull();
      if (!chunk) return joined.subarray(0, filled);
      const taken = Math.min(chunk.length, bytes - filled);
      joined.set(chunk.subarray(0, taken), filled);
      filled += taken;
      if (taken < chunk.length) {
        const all = new Uint8Array(bytes + chunk.length - taken);
        all.set(joined);
        all.set(chunk.subarray(taken), bytes);
        return all;
      }
    }
    return joined;
  }

  private async pull(): Promise<Uint8Array | undefined> {
    if (this.closed) return undefined;
    try {
      return await this.feed.pull();
    } catch (error) {
      throw error instanceof CodecError ? error : unreadable(this.name, error);
    }
  }
}

/** Opens a source. Throws `bad-audio` for a path that is absent, a directory or not readable. */
export async function openByteReader(source: ByteSource): Promise<ByteReader> {
  if (typeof source !== 'string') return new ByteReader('the input stream', streamFeed(source));
  try {
    const info = await stat(source);
    if (info.isDirectory()) {
      throw new CodecError('bad-audio', {
        what: `cannot read ${source}`,
        found: 'a directory',
        expected: 'an audio file',
        remedy: 'Name a file in it.',
      });
    }
    // Pipes and devices have no size and cannot seek.
    if (!info.isFile()) return new ByteReader(source, streamFeed(createReadStream(source)));
    return new ByteReader(source, fileFeed(await open(source, 'r'), info.size));
  } catch (error) {
    throw error instanceof CodecError ? error : unreadable(source, error);
  }
}

function fileFeed(handle: FileHandle, sizeBytes: number): Feed {
  let offset = 0;
  return {
    sizeBytes,
    async pull() {
      const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
      offset += bytesRead;
      return bytesRead > 0 ? buffer.subarray(0, bytesRead) : undefined;
    },
    seekBy(bytes) {
      offset += bytes;
    },
    close: () => handle.close(),
  };
}

function streamFeed(source: AsyncIterable<Uint8Array>): Feed {
  const iterator = source[Symbol.asyncIterator]();
  let waiting = false;
  return {
    async pull() {
      for (;;) {
        waiting = true;
        const { done, value } = await iterator.next().finally(() => {
          waiting = false;
        });
        if (done) return undefined;
        if (!(value instanceof Uint8Array)) {
          throw new CodecError('bad-argument', {
            what: 'cannot read the input stream',
            found: `a chunk of type ${typeof value}`,
            expected: 'bytes (Uint8Array)',
            remedy: 'Do not set an encoding on the stream.',
          });
        }
        if (value.length > 0) return value;
      }
    },
    async close() {
      // `return` queues behind a `next` that an idle pipe may never answer.
      if (source instanceof Readable) source.destroy();
      else if (!waiting) await iterator.return?.();
    },
  };
}

function unreadable(name: string, error: unknown): CodecError {
  const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return new CodecError(
    'bad-audio',
    {
      what: `cannot read ${name}`,
      found: absent ? 'no such file' : error instanceof Error ? error.message : String(error),
      remedy: absent ? 'Check the path.' : 'Check that the file exists and may be read.',
    },
    { cause: error },
  );
}
