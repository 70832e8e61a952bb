import { CodecError } from '../core/errors.ts';
import { type ContainerHeader, MAX_HEADER_BYTES, readHeader } from './header.ts';
import { type FileRecord, maxRecordBytes, parseRecord } from './records.ts';

export type ByteStream = Uint8Array | AsyncIterable<Uint8Array>;

export interface Container {
  readonly header: ContainerHeader;
  /** Chunks in order, then the end; in strict reading anything else throws `bad-container`. */
  records(): AsyncIterable<FileRecord>;
  /** Damage met so far; only in best-effort reading. */
  readonly damages: readonly Damage[];
}

/** A stretch of the file that could not be read. */
export interface Damage {
  readonly fromByte: number;
  readonly toByte: number;
}

/**
 * Opens a .codec file: reads its header, then records one by one in bounded memory.
 * @param options.bestEffort go on after damage at the next intact record, and accept a missing end
 */
export async function openContainer(
  source: ByteStream,
  options: { bestEffort?: boolean } = {},
): Promise<Container> {
  const bytes = new Window(source instanceof Uint8Array ? [source] : source);
  await bytes.fill(MAX_HEADER_BYTES);
  const { header, sizeBytes } = readHeader(bytes.view);
  bytes.drop(sizeBytes);
  const damages: Damage[] = [];
  return {
    header,
    damages,
    records: () => (options.bestEffort ? tolerant(bytes, header, damages) : strict(bytes, header)),
  };
}

async function* strict(bytes: Window, header: ContainerHeader): AsyncGenerator<FileRecord> {
  for (let index = 0; ; index++) {
    await bytes.fill(maxRecordBytes(header));
    const parsed = parseRecord(bytes.view, 0, header);
    if (parsed.status !== 'record') throw broken(parsed.status, index, bytes.offset);
    const { record, sizeBytes } = parsed;
    if (record.kind === 'chunk' && record.index !== index) {
      throw damaged(`chunk ${record.index} at byte ${bytes.offset}`, `chunk ${index}`);
    }
    bytes.drop(sizeBytes);
    yield record;
    if (record.kind === 'end') break;
  }
  await bytes.fill(1);
  if (bytes.view.length > 0) throw damaged(`more bytes after the end, from byte ${bytes.offset}`, 'nothing');
}

async function* tolerant(
  bytes: Window,
  header: ContainerHeader,
  damages: Damage[],
): AsyncGenerator<FileRecord> {
  let next = 0;
  for (;;) {
    // Looking for the next intact record needs room for the longest one after every place tried.
    await bytes.fill(2 * maxRecordBytes(header));
    if (bytes.view.length === 0) return;
    const found = findRecord(bytes.view, header, next);
    if (found.skipped > 0) note(damages, bytes.offset, bytes.offset + found.skipped);
    bytes.drop(found.skipped);
    if (!found.record) continue;
    bytes.drop(found.sizeBytes);
    if (found.record.kind === 'chunk') next = found.record.index + 1;
    yield found.record;
    if (found.record.kind === 'end') return;
  }
}

function findRecord(view: Uint8Array, header: ContainerHeader, next: number) {
  const limit = Math.max(1, Math.min(view.length, maxRecordBytes(header)));
  for (let at = 0; at < limit; at++) {
    const parsed = parseRecord(view, at, header);
    if (parsed.status !== 'record') continue;
    const { record, sizeBytes } = parsed;
    if (record.kind === 'end' || record.index >= next) return { record, sizeBytes, skipped: at };
  }
  return { record: undefined, sizeBytes: 0, skipped: limit };
}

function note(damages: Damage[], fromByte: number, toByte: number): void {
  const last = damages[damages.length - 1];
  if (last?.toByte === fromByte) damages[damages.length - 1] = { fromByte: last.fromByte, toByte };
  else damages.push({ fromByte, toByte });
}

const BEST_EFFORT = 'Use --best-effort to decode what is intact.';

function broken(status: 'short' | 'damaged', index: number, offset: number): CodecError {
  return status === 'short'
    ? new CodecError('bad-container', {
        what: 'the .codec file is truncated',
        found: `its end at or after byte ${offset}, in chunk ${index} or before the end record`,
        remedy: BEST_EFFORT,
      })
    : damaged(`a checksum that does not match at byte ${offset}`, `an intact chunk ${index}`);
}

function damaged(found: string, expected: string): CodecError {
  return new CodecError('bad-container', {
    what: 'the .codec file is damaged',
    found,
    expected,
    remedy: BEST_EFFORT,
  });
}

/** A sliding view of a byte stream. */
class Window {
  /** Place in the file of the first byte in view. */
  offset = 0;
  view: Uint8Array = new Uint8Array(0);
  private readonly source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private ended = false;

  constructor(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
    this.source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Brings at least `count` bytes into view, or all that are left. */
  async fill(count: number): Promise<void> {
    const parts = [this.view];
    let length = this.view.length;
    while (length < count && !this.ended) {
      const { value, done } = await this.source.next();
      if (done) {
        this.ended = true;
        break;
      }
      parts.push(value);
      length += value.length;
    }
    if (parts.length > 1) this.view = Buffer.concat(parts);
  }

  drop(count: number): void {
    this.view = this.view.subarray(count);
    this.offset += count;
  }
}
