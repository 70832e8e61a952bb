import { CodecError } from '../core/errors.ts';
import { crc32c } from './crc32c.ts';
import { Cursor, type Field, readFields, writeFields } from './fields.ts';

/** First bytes of a .codec file. 0x8e is no text in any encoding, so that a mangled transfer shows. */
export const MAGIC = Uint8Array.of(0x8e, 0x4e, 0x43);
export const VERSION = 1;

/** Fields after magic and version. A recipe of the package is a number; any other has number 0 and is named. */
const START: readonly Field[] = [
  { name: 'recipeId', type: 'varint', about: 'number of the recipe, 0 if it is named instead' },
];
const NAME: readonly Field[] = [{ name: 'recipeName', type: 'text', about: 'name of the recipe' }];
const COMMON: readonly Field[] = [
  { name: 'fingerprint', type: 'bytes8', about: 'of the weights the codes were made with' },
  { name: 'media', type: 'u8', about: '0 audio' },
];
const MEDIA: Readonly<Record<number, readonly Field[]>> = {
  0: [
    { name: 'sampleRateHz', type: 'varint', about: 'samples per second and channel' },
    { name: 'channels', type: 'varint', about: '1 mono, 2 stereo' },
  ],
};
const STREAM: readonly Field[] = [
  { name: 'codebooks', type: 'varint', about: 'codebooks in use' },
  { name: 'framesPerChunk', type: 'varint', about: 'latent frames in every chunk but the last' },
];

/** What the header of an audio file says. */
export interface ContainerHeader {
  /** Number of a recipe of the package, or 0. */
  readonly recipeId: number;
  /** Name of the recipe when it has no number, else ''. */
  readonly recipeName: string;
  /** 8 bytes. */
  readonly fingerprint: Uint8Array;
  readonly media: 0;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly codebooks: number;
  readonly framesPerChunk: number;
}

/** The longest header there can be: names are at most 255 bytes. */
export const MAX_HEADER_BYTES = 400;
const MAX_CODES_PER_CHUNK = 2 ** 24;

/** Bytes of a header: magic, version, fields, CRC-32C of all of these. */
export function writeHeader(header: ContainerHeader): Uint8Array {
  const table = [
    ...START,
    ...(header.recipeId === 0 ? NAME : []),
    ...COMMON,
    ...MEDIA[header.media]!,
    ...STREAM,
  ];
  const body = Uint8Array.from([...MAGIC, VERSION, ...writeFields(table, { ...header })]);
  return Buffer.concat([body, u32(crc32c(body))]);
}

/**
 * Reads a header from the first bytes of a file.
 * @throws `bad-container` when they are not one: another kind of file, a newer version, cut short, damaged
 */
export function readHeader(bytes: Uint8Array): { header: ContainerHeader; sizeBytes: number } {
  const what = 'this is not a usable .codec file';
  const start = bytes.subarray(0, MAGIC.length);
  if (!MAGIC.every((byte, i) => byte === start[i])) {
    throw new CodecError('bad-container', {
      what,
      found: bytes.length === 0 ? 'no bytes' : `first bytes ${hex(start)}`,
      expected: hex(MAGIC),
      remedy: 'Give a file that codec encode wrote.',
    });
  }
  const version = bytes[MAGIC.length];
  if (version !== undefined && version !== VERSION) {
    throw new CodecError('bad-container', {
      what,
      found: `container version ${version}`,
      expected: `version ${VERSION}`,
      remedy: version > VERSION ? 'Update neural-codec.' : 'The file may be damaged.',
    });
  }
  const cursor = new Cursor(bytes, MAGIC.length + 1);
  const values = readFields(START, cursor);
  const rest = values && {
    ...values,
    ...(values.recipeId === 0 ? readFields(NAME, cursor) : { recipeName: '' }),
    ...readFields(COMMON, cursor),
  };
  const media = rest && MEDIA[(rest as { media?: number }).media ?? -1];
  const tail = media && readFields([...media, ...STREAM], cursor);
  const end = cursor.at;
  const sum = cursor.take(4);
  const header = { ...rest, ...tail } as unknown as ContainerHeader;
  if (!tail || !sum || readU32(sum) !== crc32c(bytes.subarray(0, end))) {
    throw new CodecError('bad-container', {
      what,
      found: `a damaged or truncated header (${Math.min(bytes.length, end + 4)} bytes)`,
      remedy: 'The header cannot be recovered: fetch the file again.',
    });
  }
  const { sampleRateHz, channels, codebooks, framesPerChunk } = header;
  if (
    !sampleRateHz ||
    !channels ||
    !codebooks ||
    !framesPerChunk ||
    codebooks * framesPerChunk > MAX_CODES_PER_CHUNK
  ) {
    throw new CodecError('bad-container', {
      what,
      found: `${sampleRateHz} Hz, ${channels} channels, ${codebooks} codebooks, ${framesPerChunk} frames per chunk`,
      expected: `positive numbers and at most ${MAX_CODES_PER_CHUNK} codes per chunk`,
    });
  }
  return { header, sizeBytes: end + 4 };
}

/** Header fields for people: name, value, what it means. */
export function describeHeader(header: ContainerHeader): { name: string; value: string; about: string }[] {
  const table = [...START, ...NAME, ...COMMON, ...MEDIA[header.media]!, ...STREAM];
  return table.map(({ name, about }) => {
    const value = header[name as keyof ContainerHeader];
    return { name, value: value instanceof Uint8Array ? hex(value, '') : String(value), about };
  });
}

export function hex(bytes: Uint8Array, between = ' '): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(between);
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

export function readU32(bytes: Uint8Array): number {
  return (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0;
}
