import type { ByteWindow } from './byte-window.ts';
import { type ContainerChunk, type ContainerEnd, mediaKinds } from './container.ts';
import { type ContainerError, type DamageReason, recordError } from './container-error.ts';
import type { HeaderBlock } from './container-header.ts';
import type { RecordReader } from './container-parser.ts';
import { type FoundRecord, findRecord } from './container-record.ts';
import { crc32c } from './crc32c.ts';
import { TolerantRecords } from './tolerant-records.ts';

const LENGTH = 'a length that goes beyond the next record';

/** Chunks of a file in which every byte must be right. */
export class StrictRecords implements RecordReader {
  readonly damages = [];
  end: ContainerEnd | undefined;
  private readonly window: ByteWindow;
  private readonly block: HeaderBlock;
  private readonly name: string;
  private chunks = 0;

  constructor(window: ByteWindow, block: HeaderBlock, name: string) {
    this.window = window;
    this.block = block;
    this.name = name;
  }

  next(finished: boolean): ContainerChunk | undefined {
    const { window, block } = this;
    if (!this.end) {
      const record = findRecord(window.bytes, window.offset, window.length, block.header, (from, to) =>
        crc32c(window.bytes.subarray(from, to), block.crc),
      );
      if (record.kind === 'short' && !finished) return undefined;
      if (record.kind === 'chunk') return this.take(record);
      if (record.kind === 'end') this.finish(record);
      else if (record.kind === 'bad') throw this.error('damaged-chunk', record.found);
      else throw this.cut();
    }
    const trailing = window.length - window.offset;
    if (trailing > 0) throw this.error('trailing-bytes', `${trailing} bytes or more`);
    return undefined;
  }

  private take(record: FoundRecord & { kind: 'chunk' }): ContainerChunk {
    const { window, block } = this;
    const { index, mode, frames, to } = record;
    if (index !== this.chunks) throw this.error('missing-chunk', `chunk ${index}`, index);
    this.chunks++;
    if (!mediaKinds[block.header.kind].chunked) this.end = { chunks: 1, lengthSamples: 1 };
    const payload = window.bytes.slice(record.payloadFrom, record.payloadTo);
    const fromByte = window.position(window.offset);
    window.offset = to;
    return { index, mode, frames, payload, fromByte, toByte: window.position(to) };
  }

  private finish({ chunks, lengthSamples, to }: FoundRecord & { kind: 'end' }): void {
    if (chunks !== this.chunks) throw this.error('missing-chunk', `the end of ${chunks} chunks`, chunks);
    this.end = { chunks, lengthSamples };
    this.window.offset = to;
  }

  /** The file ends where a record was to go on. */
  private cut(): Error {
    const { window, block } = this;
    const found = `the end of the file at byte ${window.position(window.length)}`;
    if (window.length === window.offset) return this.error('missing-end', found);
    const error = this.error('truncated', found);
    // Unless only the record's length is wrong, and others follow.
    const rest = new TolerantRecords(window, block);
    const damaged = rest.next(true) !== undefined || rest.end !== undefined;
    return damaged ? recordError(this.name, { ...error.damage, reason: 'damaged-chunk' }, LENGTH) : error;
  }

  /** `next`: the chunk that is there instead of the one due. */
  private error(reason: DamageReason, found: string, next?: number): ContainerError {
    const { window, chunks } = this;
    const fromByte = window.position(window.offset);
    const toByte = reason === 'missing-chunk' ? fromByte : window.position(window.length);
    const lost =
      reason === 'trailing-bytes' ? chunks : next === undefined ? undefined : Math.max(next, chunks);
    return recordError(this.name, { reason, fromByte, toByte, missing: { from: chunks, to: lost } }, found);
  }
}
