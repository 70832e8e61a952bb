/**
 * The `.codec` container, version 1.
 *
 * A file is a header and then records: chunks, each coded on its own, and an end record. It is written without
 * going back, so it can be a stream of unknown length. Integers are little-endian, `varint` is unsigned LEB128.
 *
 *     header   magic 8E 4E 43 | version u8 | recipeId varint | [recipeName] | fingerprint 8 bytes
 *              | kind u8 | fields of that kind of media | check u24
 *     chunk    tag u8 = 101s mmmm | payloadBytes varint | index varint | [frames varint, if s] | payload | crc u32
 *     end      tag u8 = EE | chunks varint | lengthSamples varint | crc u32
 *
 * `check` is the lower 24 bits of the CRC-32C of the header before it. A record's `crc` is the CRC-32C of the header
 * (without `check`) followed by the record (without `crc`): no record of another file passes. Kinds that are one
 * chunk (images) have no end record: that chunk ends the file.
 */

import type { Field, FieldValues } from './fields.ts';

/** Not valid at the start of ASCII or UTF-8 text, so programs that treat the file as text show themselves. */
export const MAGIC: Uint8Array = Uint8Array.of(0x8e, 0x4e, 0x43);
export const VERSION = 1;

const FINGERPRINT_BYTES = 8;
/** Indices of a chunk (codebooks * frames); with their 4 bytes each in memory, 1 MiB. */
export const MAX_INDICES_PER_CHUNK = 1 << 18;
export const MAX_CHUNKS = 2 ** 32 - 1;

/** Which decoder the file needs. `kind` follows as the `id` of one of `mediaKinds`. */
export const recipeFields = [
  {
    name: 'recipeId',
    type: 'varint',
    max: 0xffffffff,
    doc: 'number of the registered recipe; 0 if by name',
  },
  {
    name: 'recipeName',
    type: 'utf8',
    maxBytes: 100,
    when: { field: 'recipeId', equals: 0 },
    doc: 'name of a recipe without number',
  },
  { name: 'fingerprint', type: 'bytes', size: FINGERPRINT_BYTES, doc: 'of the weights the decoder needs' },
] as const satisfies readonly Field[];

const codebooks = {
  name: 'codebooks',
  type: 'varint',
  max: 1023,
  doc: 'codebooks used; 0: fitted to the signal',
} as const;
const framesPerChunk = {
  name: 'framesPerChunk',
  type: 'varint',
  min: 1,
  max: MAX_INDICES_PER_CHUNK,
  doc: 'latent frames in a full chunk',
} as const;
const MAX_SIDE_PIXELS = 2 ** 21 - 1;
const picture = [
  { name: 'width', type: 'varint', min: 1, max: MAX_SIDE_PIXELS, unit: 'pixels', doc: 'picture width' },
  { name: 'height', type: 'varint', min: 1, max: MAX_SIDE_PIXELS, unit: 'pixels', doc: 'picture height' },
] as const;

interface MediaKindSpec {
  readonly id: number;
  /** Many chunks and an end record; otherwise exactly one chunk. */
  readonly chunked: boolean;
  /** Bound for payloads that are not codebook indices. */
  readonly maxPayloadBytes: number;
  readonly fields: readonly Field[];
}

/** What a file can hold. Another kind is another entry. */
export const mediaKinds = {
  audio: {
    id: 1,
    chunked: true,
    maxPayloadBytes: 1 << 20,
    fields: [
      { name: 'sampleRateHz', type: 'varint', min: 1, max: 0xffffffff, unit: 'Hz', doc: 'sample rate' },
      { name: 'channels', type: 'varint', min: 1, max: 255, doc: 'audio channels' },
      codebooks,
      framesPerChunk,
    ],
  },
  image: {
    id: 2,
    chunked: false,
    maxPayloadBytes: 1 << 26,
    fields: [
      ...picture,
      { name: 'channels', type: 'varint', min: 1, max: 4, doc: '1 grey, 3 R G B; one more with alpha' },
      { name: 'bitDepth', type: 'varint', min: 1, max: 16, unit: 'bits', doc: 'of a sample' },
      codebooks,
    ],
  },
  video: {
    id: 3,
    chunked: true,
    maxPayloadBytes: 1 << 22,
    fields: [
      ...picture,
      { name: 'rateNumerator', type: 'varint', min: 1, max: 0xffffffff, doc: 'pictures in ...' },
      {
        name: 'rateDenominator',
        type: 'varint',
        min: 1,
        max: 0xffffffff,
        unit: 's',
        doc: '... this many seconds',
      },
      codebooks,
      framesPerChunk,
    ],
  },
} as const satisfies Record<string, MediaKindSpec>;

export type MediaKind = keyof typeof mediaKinds;

type HeaderOf<K extends MediaKind> = { readonly kind: K } & FieldValues<typeof recipeFields> &
  FieldValues<(typeof mediaKinds)[K]['fields']>;

/** What the header says; with `kind` known, the fields of that kind. */
export type ContainerHeader = { [K in MediaKind]: HeaderOf<K> }[MediaKind];

/** A chunk as its writer gives it. */
export interface ChunkContent {
  /** How the payload is coded, 0 to 15; the entropy coder's business. */
  readonly mode: number;
  /** Latent frames; 0 for kinds without framesPerChunk, where the media fields say how many. */
  readonly frames: number;
  readonly payload: Uint8Array;
}

/** A chunk as its reader gives it; the payload is the caller's to keep. */
export interface ContainerChunk extends ChunkContent {
  /** Place in the signal, from 0: the chunk begins at latent frame index * framesPerChunk. */
  readonly index: number;
  /** The bytes [fromByte, toByte) of the file are the chunk's record. */
  readonly fromByte: number;
  readonly toByte: number;
}

/** What the end record says. */
export interface ContainerEnd {
  readonly chunks: number;
  /** Samples per channel of the original audio, to which the decoder trims; pictures of a video; 1 for an image. */
  readonly lengthSamples: number;
}

/** Latent frames of a full chunk; 0 for kinds that are one chunk. */
export function framesPerChunkOf(header: ContainerHeader): number {
  return 'framesPerChunk' in header ? header.framesPerChunk : 0;
}

/** The largest payload a chunk may have, so that no reader need believe a larger length. */
export function maxPayloadBytes(header: ContainerHeader): number {
  const indices = header.codebooks * framesPerChunkOf(header);
  // Codes never take more than 32 bits each; 64 bytes are for whatever a coder puts before them.
  return indices > 0 ? 4 * indices + 64 : mediaKinds[header.kind].maxPayloadBytes;
}
