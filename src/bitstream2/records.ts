import { crc32c } from './crc32c.ts';
import { Cursor, varintBytes } from './fields.ts';
import { type ContainerHeader, readU32, u32 } from './header.ts';

/** A run of coded frames. */
export interface Chunk {
  readonly kind: 'chunk';
  /** Place in the file, from 0. */
  readonly index: number;
  /** Latent frames: framesPerChunk, or fewer in the last chunk. */
  readonly frames: number;
  /** How the entropy coder wrote the payload, 0 to 15. */
  readonly mode: number;
  readonly payload: Uint8Array;
}

/** Last record: how long the signal was, so that the filler of its last frame can be cut. */
export interface End {
  readonly kind: 'end';
  readonly lengthSamples: number;
}

export type FileRecord = Chunk | End;

// A record: tag u8 (low 4 bits kind, high 4 bits mode), varints, payload, CRC-32C of all before it.
const CHUNK = 1;
const SHORT_CHUNK = 2;
const END = 3;

const CRC_BYTES = 4;
/** Tag and three varints. */
const MAX_PREFIX_BYTES = 1 + 3 * 8;

export function writeRecord(record: FileRecord, header: ContainerHeader): Uint8Array {
  const body =
    record.kind === 'end'
      ? Uint8Array.from([END, ...varintBytes(record.lengthSamples)])
      : Buffer.concat([Uint8Array.from(chunkPrefix(record, header.framesPerChunk)), record.payload]);
  return Buffer.concat([body, u32(crc32c(body))]);
}

function chunkPrefix({ index, frames, mode, payload }: Chunk, framesPerChunk: number): number[] {
  const full = frames === framesPerChunk;
  return [
    (mode << 4) | (full ? CHUNK : SHORT_CHUNK),
    ...varintBytes(index),
    ...(full ? [] : varintBytes(frames)),
    ...varintBytes(payload.length),
  ];
}

/** The longest record a file with this header can hold; nothing longer is ever read into memory. */
export function maxRecordBytes({ codebooks, framesPerChunk }: ContainerHeader): number {
  return MAX_PREFIX_BYTES + codebooks * framesPerChunk * 4 + 64 + CRC_BYTES;
}

export type Parsed =
  | { readonly status: 'record'; readonly record: FileRecord; readonly sizeBytes: number }
  /** The bytes end before the record does. */
  | { readonly status: 'short' }
  | { readonly status: 'damaged' };

/** Reads the record that begins at `at`. */
export function parseRecord(bytes: Uint8Array, at: number, header: ContainerHeader): Parsed {
  const cursor = new Cursor(bytes, at);
  const tag = cursor.u8();
  if (tag === undefined) return { status: 'short' };
  const kind = tag & 15;
  const plausible = kind === CHUNK || kind === SHORT_CHUNK || (kind === END && tag >> 4 === 0);
  if (!plausible) return { status: 'damaged' };
  const first = cursor.varint();
  const frames = kind === SHORT_CHUNK ? cursor.varint() : header.framesPerChunk;
  const length = kind === END ? 0 : cursor.varint();
  if (first === undefined || frames === undefined || length === undefined) {
    return { status: bytes.length - at < MAX_PREFIX_BYTES ? 'short' : 'damaged' };
  }
  const tooLong = length > maxRecordBytes(header) - MAX_PREFIX_BYTES - CRC_BYTES;
  if (tooLong || frames < 1 || frames > header.framesPerChunk) return { status: 'damaged' };
  const payload = cursor.take(length);
  const end = cursor.at;
  const sum = payload && cursor.take(CRC_BYTES);
  if (!payload || !sum) return { status: 'short' };
  if (readU32(sum) !== crc32c(bytes.subarray(at, end))) return { status: 'damaged' };
  const record: FileRecord =
    kind === END
      ? { kind: 'end', lengthSamples: first }
      : { kind: 'chunk', index: first, frames, mode: tag >> 4, payload };
  return { status: 'record', record, sizeBytes: cursor.at - at };
}
