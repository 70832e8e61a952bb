import { crc32 } from 'node:zlib';
import { CodecError } from '../core/errors.ts';

/** Where a stored entry's data lies in the archive. */
interface ZipEntry {
  readonly headerAt: number;
  readonly bytes: number;
  readonly crc32: number;
  readonly stored: boolean;
}

const END = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** Stands in a 32-bit field for a number that the ZIP64 extra field holds. */
const ELSEWHERE = 0xffffffff;

/**
 * Entries of a ZIP archive in memory, also ZIP64 (PKWARE, APPNOTE.TXT 6.3.10). Entries must be stored, not compressed,
 * as PyTorch writes them; checksums are checked. Nothing is trusted: a broken archive throws `bad-weights`.
 */
export class ZipArchive {
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly entries = new Map<string, ZipEntry>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    guarded(() => this.readDirectory());
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  /** An entry's data: a view into the archive. */
  read(name: string): Uint8Array {
    const entry = this.entries.get(name);
    if (!entry) throw brokenArchive(`no ${name}`);
    if (!entry.stored) throw brokenArchive(`${name} compressed`);
    const { headerAt, bytes } = entry;
    return guarded(() => {
      if (this.u32(headerAt) !== LOCAL) throw brokenArchive(`no entry where ${name} should be`);
      const start = headerAt + 30 + this.u16(headerAt + 26) + this.u16(headerAt + 28);
      if (start + bytes > this.bytes.length) throw brokenArchive(`${name} cut short`);
      const data = this.bytes.subarray(start, start + bytes);
      if (crc32(data) !== entry.crc32) throw brokenArchive(`a wrong checksum of ${name}`);
      return data;
    });
  }

  private readDirectory(): void {
    let { at, count } = this.directory();
    for (; count > 0; count--) {
      if (this.u32(at) !== CENTRAL) throw brokenArchive('a damaged directory');
      const nameBytes = this.u16(at + 28);
      const extraBytes = this.u16(at + 30);
      const name = new TextDecoder().decode(this.bytes.subarray(at + 46, at + 46 + nameBytes));
      this.entries.set(name, this.entryAt(at, at + 46 + nameBytes, extraBytes));
      at += 46 + nameBytes + extraBytes + this.u16(at + 32);
    }
  }

  /** Where the directory begins and how many entries it has. */
  private directory(): { at: number; count: number } {
    const last = this.bytes.length - END_BYTES;
    for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--) {
      if (this.u32(at) !== END) continue;
      const locator = at - 20;
      if (locator < 0 || this.u32(locator) !== END64_LOCATOR) {
        return { at: this.u32(at + 16), count: this.u16(at + 10) };
      }
      const end64 = this.u64(locator + 8);
      if (this.u32(end64) !== END64) throw brokenArchive('a damaged end');
      return { at: this.u64(end64 + 48), count: this.u64(end64 + 32) };
    }
    throw brokenArchive('no end');
  }

  private entryAt(at: number, extraAt: number, extraBytes: number): ZipEntry {
    let [bytes, headerAt] = [this.u32(at + 24), this.u32(at + 42)];
    const packedBytes = this.u32(at + 20);
    for (let extra = extraAt; extra + 4 <= extraAt + extraBytes; extra += 4 + this.u16(extra + 2)) {
      if (this.u16(extra) !== 1) continue;
      // Only the numbers that are elsewhere are there, in this order.
      let field = extra + 4;
      const next = () => {
        field += 8;
        return this.u64(field - 8);
      };
      if (bytes === ELSEWHERE) bytes = next();
      if (packedBytes === ELSEWHERE) next();
      if (headerAt === ELSEWHERE) headerAt = next();
    }
    return { headerAt, bytes, crc32: this.u32(at + 16), stored: this.u16(at + 10) === 0 };
  }

  private u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  private u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  private u64(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }
}

/** A place beyond the archive is a broken archive. */
function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof RangeError ? brokenArchive('a place beyond its end') : error;
  }
}

function brokenArchive(found: string): CodecError {
  return new CodecError('bad-weights', {
    what: 'cannot read the checkpoint',
    found: `a ZIP archive with ${found}`,
    expected: 'a whole one as torch.save writes it',
    remedy: 'Fetch or save it again.',
  });
}
