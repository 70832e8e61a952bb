import { ByteWindow } from './byte-window.ts';
import type { ContainerChunk, ContainerEnd, ContainerHeader } from './container.ts';
import { type Damage, headerError } from './container-error.ts';
import { decodeHeader } from './container-header.ts';
import { StrictRecords } from './strict-records.ts';
import { TolerantRecords } from './tolerant-records.ts';

export interface ContainerReadOptions {
  /** Pass over damage after the header to the next intact chunk, instead of throwing; default false. */
  readonly bestEffort?: boolean;
  /** What messages call the file. */
  readonly name?: string;
}

/** Finds chunks in the bytes after the header. */
export interface RecordReader {
  /** The next chunk; undefined if there is none in the bytes so far. `finished`: no more bytes will come. */
  next(finished: boolean): ContainerChunk | undefined;
  readonly end: ContainerEnd | undefined;
  readonly damages: readonly Damage[];
}

const NONE: readonly Damage[] = [];

/**
 * Reads a `.codec` file from bytes pushed in as they come: `push`, then `next` until it gives nothing, and so on;
 * after the last bytes `finish`, then `next` until it gives nothing. Keeps no more than one record and the bytes
 * of one push. Throws ContainerError.
 */
export class ContainerParser {
  /** Undefined until its bytes are there. */
  header: ContainerHeader | undefined;
  private readonly window = new ByteWindow();
  private readonly options: Required<ContainerReadOptions>;
  private records: RecordReader | undefined;
  private finished = false;

  constructor({ bestEffort = false, name = 'the file' }: ContainerReadOptions = {}) {
    this.options = { bestEffort, name };
  }

  /** What the end record said; undefined until it was met, and after `finish` if it is lost. */
  get end(): ContainerEnd | undefined {
    return this.records?.end;
  }

  /** What was skipped so far, in file order. */
  get damages(): readonly Damage[] {
    return this.records?.damages ?? NONE;
  }

  push(bytes: Uint8Array): void {
    this.window.append(bytes);
    if (!this.records) this.readHeader();
  }

  finish(): void {
    this.finished = true;
    if (this.records) return;
    const { name } = this.options;
    const { length } = this.window;
    throw headerError('truncated', length, {
      what: length === 0 ? `${name} is empty` : `${name} is truncated inside its header`,
      found: `${length} bytes`,
      expected: 'a .codec file',
    });
  }

  next(): ContainerChunk | undefined {
    return this.records?.next(this.finished);
  }

  private readHeader(): void {
    const { window, options } = this;
    const block = decodeHeader(window.bytes.subarray(0, window.length), options.name);
    if (!block) return;
    this.header = block.header;
    window.offset = block.sizeBytes;
    this.records = options.bestEffort
      ? new TolerantRecords(window, block)
      : new StrictRecords(window, block, options.name);
  }
}
