import { CodecError } from '../core/errors.ts';
import { ByteCursor } from './byte-cursor.ts';
import {
  type ChunkContent,
  type ContainerEnd,
  type ContainerHeader,
  framesPerChunkOf,
  MAX_CHUNKS,
  maxPayloadBytes,
} from './container.ts';
import { crc32c } from './crc32c.ts';
import { type Field, readFields, writeFields } from './fields.ts';

/** The tag of a chunk is these three bits, the short flag, and four bits of entropy-coder mode. */
const CHUNK_TAG = 0xa0;
const CHUNK_TAG_MASK = 0xe0;
const SHORT_FLAG = 0x10;
const MODE_MASK = 0x0f;
const END_TAG = 0xee;
const CRC_BYTES = 4;

const chunkFields = [
  { name: 'tag', type: 'u8', doc: '101s mmmm: s if the frames are given, m the mode' },
  { name: 'payloadBytes', type: 'varint', unit: 'bytes', doc: 'length of the payload' },
  { name: 'index', type: 'varint', max: MAX_CHUNKS - 1, doc: 'place of the chunk' },
  {
    name: 'frames',
    type: 'varint',
    min: 1,
    when: { field: 'tag', mask: SHORT_FLAG, equals: SHORT_FLAG },
    doc: 'latent frames, if fewer than framesPerChunk',
  },
] as const satisfies readonly Field[];

const endFields = [
  { name: 'tag', type: 'u8', doc: 'EE' },
  { name: 'chunks', type: 'varint', max: MAX_CHUNKS, doc: 'chunks in the file' },
  { name: 'lengthSamples', type: 'varint', unit: 'samples', doc: 'original length, per channel' },
] as const satisfies readonly Field[];

/** A chunk's bytes. `headerCrc` is the header's CRC-32C. Throws `bad-argument` for what a chunk cannot be. */
export function encodeChunk(
  header: ContainerHeader,
  headerCrc: number,
  index: number,
  { mode, frames, payload }: ChunkContent,
): Uint8Array {
  const full = framesPerChunkOf(header);
  const payloadLimit = maxPayloadBytes(header);
  if (mode !== (mode & MODE_MASK)) throw misfit('mode', mode, `0 to ${MODE_MASK}`);
  if (!(frames <= full)) throw misfit('frames', frames, `at most ${full}`);
  if (payload.length > payloadLimit) throw misfit('payload bytes', payload.length, `at most ${payloadLimit}`);
  const head: number[] = [];
  const tag = CHUNK_TAG | (frames < full ? SHORT_FLAG : 0) | mode;
  writeFields(chunkFields, { tag, payloadBytes: payload.length, index, frames }, head);
  const record = new Uint8Array(head.length + payload.length + CRC_BYTES);
  record.set(head);
  record.set(payload, head.length);
  return seal(record, headerCrc);
}

/** The end record's bytes. */
export function encodeEnd(headerCrc: number, { chunks, lengthSamples }: ContainerEnd): Uint8Array {
  const head: number[] = [];
  writeFields(endFields, { tag: END_TAG, chunks, lengthSamples }, head);
  const record = new Uint8Array(head.length + CRC_BYTES);
  record.set(head);
  return seal(record, headerCrc);
}

function seal(record: Uint8Array, headerCrc: number): Uint8Array {
  const body = record.length - CRC_BYTES;
  const crc = crc32c(record.subarray(0, body), headerCrc);
  for (let i = 0; i < CRC_BYTES; i++) record[body + i] = crc >>> (8 * i);
  return record;
}

function misfit(name: string, found: number, expected: string): CodecError {
  return new CodecError('bad-argument', {
    what: `cannot write a chunk with ${name} ${found}`,
    found: String(found),
    expected,
  });
}

/** A record as it lies in a buffer: offsets count from the buffer's start. */
export type FoundRecord =
  | {
      readonly kind: 'chunk';
      readonly index: number;
      readonly mode: number;
      readonly frames: number;
      readonly payloadFrom: number;
      readonly payloadTo: number;
      readonly to: number;
    }
  | ({ readonly kind: 'end'; readonly to: number } & ContainerEnd)
  /** The bytes end before the record does. */
  | { readonly kind: 'short' }
  | { readonly kind: 'bad'; readonly found: string };

const SHORT: FoundRecord = { kind: 'short' };

/** Whether a record may begin with this byte. */
export function isRecordTag(byte: number): boolean {
  return (byte & CHUNK_TAG_MASK) === CHUNK_TAG || byte === END_TAG;
}

/** CRC-32C of the buffer's bytes [from, to), continuing the header's. */
export type SpanCrc = (from: number, to: number) => number;

/** The record at `offset` of the bytes [0, end) of `buffer`. Looks at as many bytes as lengths within bounds say. */
export function findRecord(
  buffer: Uint8Array,
  offset: number,
  end: number,
  header: ContainerHeader,
  crcOf: SpanCrc,
): FoundRecord {
  if (offset >= end) return SHORT;
  const tag = buffer[offset]!;
  if (!isRecordTag(tag)) return bad(`the byte ${tag.toString(16)}`);
  const cursor = new ByteCursor(buffer, offset, end);
  const record = tag === END_TAG ? readEnd(cursor) : readChunk(cursor, header);
  if (cursor.failure) return cursor.failure === 'short' ? SHORT : bad(cursor.failure);
  const body = record.to - CRC_BYTES;
  if (record.to > end) return SHORT;
  const crc = new ByteCursor(buffer, body, end).uint(CRC_BYTES);
  return crc === crcOf(offset, body) ? record : bad('another check sum than its bytes have');
}

function readEnd(cursor: ByteCursor): FoundRecord & { kind: 'end' } {
  const { chunks, lengthSamples } = readFields(endFields, cursor);
  return { kind: 'end', chunks, lengthSamples, to: cursor.offset + CRC_BYTES };
}

function readChunk(cursor: ByteCursor, header: ContainerHeader): FoundRecord & { kind: 'chunk' } {
  const { tag, payloadBytes, index, frames } = readFields(chunkFields, cursor);
  const full = framesPerChunkOf(header);
  // A length is judged as soon as it is there, so that a wrong one is not waited for.
  if (payloadBytes > maxPayloadBytes(header)) cursor.failure = `a payload of ${payloadBytes} bytes`;
  if (frames !== undefined && frames >= full) cursor.fail(`${frames} frames`);
  const payloadFrom = cursor.offset;
  const payloadTo = payloadFrom + payloadBytes;
  return {
    kind: 'chunk',
    index,
    mode: tag & MODE_MASK,
    frames: frames ?? full,
    payloadFrom,
    payloadTo,
    to: payloadTo + CRC_BYTES,
  };
}

function bad(found: string): FoundRecord {
  return { kind: 'bad', found };
}
