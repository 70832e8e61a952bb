import { type ByteStream, nextPiece, piecesOf } from './byte-feed.ts';
import type { ContainerChunk, ContainerEnd, ContainerHeader } from './container.ts';
import type { Damage } from './container-error.ts';
import { ContainerParser, type ContainerReadOptions } from './container-parser.ts';

export type ContainerSource = ByteStream;

type Bytes = ReturnType<typeof piecesOf>;

/** A `.codec` file whose header has been read; its chunks come as they are asked for. */
export class ContainerReader {
  readonly header: ContainerHeader;
  private readonly parser: ContainerParser;
  private readonly bytes: Bytes;

  /** Use `openContainer`. */
  constructor(header: ContainerHeader, parser: ContainerParser, bytes: Bytes) {
    this.header = header;
    this.parser = parser;
    this.bytes = bytes;
  }

  /** What the end record said; undefined before `chunks` has ended, and after if the record is lost. */
  get end(): ContainerEnd | undefined {
    return this.parser.end;
  }

  /** With `bestEffort`, what has been skipped so far; complete when `chunks` has ended. */
  get damages(): readonly Damage[] {
    return this.parser.damages;
  }

  /** The chunks, in order, once. Throws ContainerError at the first damage unless `bestEffort`. */
  async *chunks(): AsyncGenerator<ContainerChunk> {
    let finished = false;
    try {
      for (;;) {
        const chunk = this.parser.next();
        if (chunk) yield chunk;
        else if (finished) return;
        else finished = !(await feed(this.parser, this.bytes));
      }
    } finally {
      if (!finished) await this.close();
    }
  }

  /** Lets go of the source before its end. */
  async close(): Promise<void> {
    await this.bytes.return?.();
  }
}

/**
 * Reads the header of a `.codec` file from its bytes, whole or as they come. Memory is bounded by the largest chunk
 * the header allows. Throws ContainerError for files that are not `.codec`, newer, damaged or truncated.
 */
export async function openContainer(
  source: ContainerSource,
  options: ContainerReadOptions = {},
): Promise<ContainerReader> {
  const parser = new ContainerParser(options);
  const bytes = piecesOf(source);
  try {
    while (!parser.header && (await feed(parser, bytes)));
    return new ContainerReader(parser.header!, parser, bytes);
  } catch (error) {
    await bytes.return?.();
    throw error;
  }
}

/** Hands the parser the next bytes; false if there are none. */
async function feed(parser: ContainerParser, bytes: Bytes): Promise<boolean> {
  const piece = await nextPiece(bytes);
  if (piece) parser.push(piece);
  else parser.finish();
  return piece !== undefined;
}
