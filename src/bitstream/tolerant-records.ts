import type { ByteWindow } from './byte-window.ts';
import { type ContainerChunk, type ContainerEnd, mediaKinds } from './container.ts';
import type { Damage, DamageReason } from './container-error.ts';
import type { HeaderBlock } from './container-header.ts';
import type { RecordReader } from './container-parser.ts';
import { type FoundRecord, findRecord, isRecordTag, type SpanCrc } from './container-record.ts';
import { SlidingCrc } from './sliding-crc.ts';

/**
 * A gap of more chunks than this is taken for a false find or malice, lest callers fill it with hours of silence. At
 * one second a chunk it is 18 hours.
 */
const MAX_GAP_CHUNKS = 1 << 16;

/**
 * Chunks of a file that may be damaged: where no intact record begins, the next byte is tried. Gives chunks in
 * rising order; one that comes again or too late counts as damage.
 */
export class TolerantRecords implements RecordReader {
  readonly damages: Damage[] = [];
  end: ContainerEnd | undefined;
  private readonly window: ByteWindow;
  private readonly block: HeaderBlock;
  private readonly crc = new SlidingCrc();
  /** Stream position where the CRC's stream begins, and up to which it has come. */
  private readonly crcFrom: number;
  private crcTo: number;
  /** The next chunk due. */
  private due = 0;
  /** Stream position of the first byte that no intact record accounts for yet. */
  private badFrom: number | undefined;
  private closed = false;
  /** Where the end record is, while no chunk has come after it. */
  private endAt: { readonly from: number; readonly to: number } | undefined;

  constructor(window: ByteWindow, block: HeaderBlock) {
    this.window = window;
    this.block = block;
    this.crcFrom = window.position(window.offset);
    this.crcTo = this.crcFrom;
  }

  next(finished: boolean): ContainerChunk | undefined {
    const { window, block } = this;
    this.extendCrc();
    while (window.offset < window.length) {
      const record = findRecord(window.bytes, window.offset, window.length, block.header, this.crcOf);
      if (record.kind === 'short' && !finished) break;
      if (record.kind === 'chunk' && this.isDue(record.index)) return this.take(record);
      if (record.kind === 'end' && !this.endAt && this.isReachable(record.chunks)) this.noteEnd(record);
      else this.skip(record);
    }
    this.crc.forget(window.position(window.offset) - this.crcFrom);
    if (finished && !this.closed) this.close();
    return undefined;
  }

  private readonly crcOf: SpanCrc = (from, to) => {
    const shift = this.window.base - this.crcFrom;
    return this.crc.crc(from + shift, to + shift, this.block.crc);
  };

  private extendCrc(): void {
    const { window } = this;
    const reached = window.position(window.length);
    if (reached > this.crcTo) this.crc.append(window.bytes.subarray(this.crcTo - window.base, window.length));
    this.crcTo = reached;
  }

  private isDue(index: number): boolean {
    return this.isReachable(index) && index < (this.end?.chunks ?? Number.POSITIVE_INFINITY);
  }

  private isReachable(index: number): boolean {
    return index >= this.due && index - this.due <= MAX_GAP_CHUNKS;
  }

  private take(record: FoundRecord & { kind: 'chunk' }): ContainerChunk {
    const { window } = this;
    const { index, mode, frames, to } = record;
    const fromByte = window.position(window.offset);
    // An end record before this chunk was out of place.
    const badFrom = this.badFrom ?? this.endAt?.from ?? fromByte;
    if (badFrom < fromByte) this.note('damaged-chunk', badFrom, fromByte, index);
    else if (index > this.due) this.note('missing-chunk', fromByte, fromByte, index);
    this.badFrom = undefined;
    this.endAt = undefined;
    this.due = index + 1;
    const payload = window.bytes.slice(record.payloadFrom, record.payloadTo);
    window.offset = to;
    const toByte = window.position(to);
    if (!mediaKinds[this.block.header.kind].chunked) {
      this.end = { chunks: 1, lengthSamples: 1 };
      this.endAt = { from: toByte, to: toByte };
    }
    return { index, mode, frames, payload, fromByte, toByte };
  }

  private noteEnd({ chunks, lengthSamples, to }: FoundRecord & { kind: 'end' }): void {
    const { window } = this;
    this.end = { chunks, lengthSamples };
    this.endAt = { from: window.position(window.offset), to: window.position(to) };
    window.offset = to;
  }

  /** Passes over an intact record that is of no use, or over bytes up to where a record may begin. */
  private skip(record: FoundRecord): void {
    const { window } = this;
    if (!this.endAt) this.badFrom ??= window.position(window.offset);
    if (record.kind === 'chunk' || record.kind === 'end') {
      window.offset = record.to;
      return;
    }
    do window.offset++;
    while (window.offset < window.length && !isRecordTag(window.bytes[window.offset]!));
  }

  /** Accounts for what lies between the last chunk and the end of the file. */
  private close(): void {
    this.closed = true;
    const { endAt, due, badFrom, window } = this;
    const fileEnd = window.position(window.length);
    const chunks = this.end?.chunks;
    if (!endAt) {
      this.note(badFrom === undefined ? 'missing-end' : 'truncated', badFrom ?? fileEnd, fileEnd, chunks);
    } else {
      if (badFrom !== undefined) this.note('damaged-chunk', badFrom, endAt.from, chunks);
      else if (chunks! > due) this.note('missing-chunk', endAt.from, endAt.from, chunks);
      if (endAt.to < fileEnd) this.note('trailing-bytes', endAt.to, fileEnd, chunks);
    }
  }

  /** `to`: the chunk that follows the damage, where known. */
  private note(reason: DamageReason, fromByte: number, toByte: number, to: number | undefined): void {
    this.damages.push({ reason, fromByte, toByte, missing: { from: this.due, to } });
    if (to !== undefined) this.due = to;
  }
}
