import { CodecError } from '../core/errors.ts';
import { type ChunkContent, type ContainerHeader, mediaKinds } from './container.ts';
import { encodeHeader } from './container-header.ts';
import { encodeChunk, encodeEnd } from './container-record.ts';

/**
 * Writes a `.codec` file front to back: `start`, a `chunk` each, `end`. Each gives the bytes to append. Throws
 * `bad-argument` for calls out of order and for values the format cannot hold.
 */
export class ContainerWriter {
  private readonly header: ContainerHeader;
  private readonly headerBytes: Uint8Array;
  private readonly crc: number;
  private state: 'new' | 'open' | 'last chunk written' | 'ended' = 'new';
  private chunks = 0;

  constructor(header: ContainerHeader) {
    this.header = header;
    const { bytes, crc } = encodeHeader(header);
    this.headerBytes = bytes;
    this.crc = crc;
  }

  start(): Uint8Array {
    this.require('start', 'new');
    this.state = 'open';
    return this.headerBytes;
  }

  /** The next chunk, of at most framesPerChunk frames. An image has only one. */
  chunk(content: ChunkContent): Uint8Array {
    this.require('chunk', 'open');
    const record = encodeChunk(this.header, this.crc, this.chunks, content);
    this.chunks++;
    if (!mediaKinds[this.header.kind].chunked) this.state = 'last chunk written';
    return record;
  }

  /** `lengthSamples`: original samples per channel (audio) or pictures (video). No bytes for an image. */
  end(lengthSamples: number): Uint8Array {
    const { chunked } = mediaKinds[this.header.kind];
    this.require('end', 'last chunk written', ...(chunked ? (['open'] as const) : []));
    const record = chunked ? encodeEnd(this.crc, { chunks: this.chunks, lengthSamples }) : new Uint8Array(0);
    this.state = 'ended';
    return record;
  }

  private require(call: string, ...states: (typeof this.state)[]): void {
    if (states.includes(this.state)) return;
    throw new CodecError('bad-argument', {
      what: `cannot write the ${call} of a .codec file now`,
      found: `a writer that is "${this.state}" after ${this.chunks} chunks`,
      expected: states.map((state) => `"${state}"`).join(' or '),
    });
  }
}

/** A whole file in parts. `lengthSamples` is asked for after the last chunk. */
export async function* writeContainer(
  header: ContainerHeader,
  chunks: Iterable<ChunkContent> | AsyncIterable<ChunkContent>,
  lengthSamples: () => number,
): AsyncGenerator<Uint8Array> {
  const writer = new ContainerWriter(header);
  yield writer.start();
  for await (const content of chunks) yield writer.chunk(content);
  const end = writer.end(lengthSamples());
  if (end.length > 0) yield end;
}
