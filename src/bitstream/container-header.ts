import { CodecError } from '../core/errors.ts';
import { ByteCursor } from './byte-cursor.ts';
import {
  type ContainerHeader,
  framesPerChunkOf,
  MAGIC,
  MAX_INDICES_PER_CHUNK,
  type MediaKind,
  mediaKinds,
  recipeFields,
  VERSION,
} from './container.ts';
import { headerError } from './container-error.ts';
import { crc32c } from './crc32c.ts';
import { type Field, type FieldListing, listFields, readFields, toHex, writeFields } from './fields.ts';

const CHECK_BYTES = 3;

/** A header with what the records after it need. */
export interface HeaderBlock {
  readonly header: ContainerHeader;
  /** CRC-32C of the header's bytes before its check: every record's CRC continues it. */
  readonly crc: number;
  readonly sizeBytes: number;
}

/** Header bytes, check included. Throws `bad-argument` naming the field that does not fit. */
export function encodeHeader(header: ContainerHeader): { bytes: Uint8Array; crc: number } {
  if (!Object.hasOwn(mediaKinds, header.kind)) {
    throw new CodecError('bad-argument', {
      what: 'cannot write a .codec header',
      found: `media kind ${JSON.stringify(header.kind)}`,
      expected: Object.keys(mediaKinds).join(', '),
    });
  }
  const out = [...MAGIC, VERSION];
  writeFields(recipeFields, header, out);
  out.push(mediaKinds[header.kind].id);
  writeFields(mediaKinds[header.kind].fields as readonly Field[], header, out);
  const excess = excessIndices(header);
  if (excess) {
    throw new CodecError('bad-argument', {
      what: 'the chunks are too large for a .codec file',
      ...excess,
      remedy: 'Choose fewer frames per chunk.',
    });
  }
  const crc = crc32c(Uint8Array.from(out));
  for (let i = 0; i < CHECK_BYTES; i++) out.push((crc >>> (8 * i)) & 255);
  return { bytes: Uint8Array.from(out), crc };
}

/**
 * Reads the header at the start of `bytes`; undefined if more bytes are needed. Throws ContainerError if they are no
 * `.codec` header, a newer one or a damaged one. `name` is what messages call the file.
 */
export function decodeHeader(bytes: Uint8Array, name: string): HeaderBlock | undefined {
  checkMagic(bytes, name);
  const cursor = new ByteCursor(bytes, MAGIC.length);
  const version = cursor.uint(1);
  if (!cursor.failure && version > VERSION) {
    throw headerError('newer-version', cursor.offset, {
      what: `${name} is in a newer version of the .codec format`,
      found: `version ${version}`,
      expected: `at most ${VERSION}`,
      remedy: 'Update neural-codec; if it is the latest, the file is damaged.',
    });
  }
  if (!cursor.failure && version === 0) cursor.fail('version 0');
  const recipe = readFields(recipeFields, cursor);
  const kindId = cursor.uint(1);
  const kind = (Object.keys(mediaKinds) as MediaKind[]).find((k) => mediaKinds[k].id === kindId);
  if (!kind) cursor.fail(`media kind ${kindId}`);
  const media = kind ? readFields(mediaKinds[kind].fields as readonly Field[], cursor) : {};
  const size = cursor.offset;
  const check = cursor.uint(CHECK_BYTES);
  if (cursor.failure === 'short') return undefined;
  const crc = crc32c(bytes.subarray(0, size));
  if (!cursor.failure && (crc & 0xffffff) !== check) cursor.fail('another check sum than its bytes have');
  const header = { kind, ...recipe, ...media } as ContainerHeader;
  const found = cursor.failure ?? excessIndices(header)?.found;
  if (found) {
    const what = `the header of ${name} is damaged`;
    throw headerError('damaged-header', cursor.offset, { what, found });
  }
  return { header, crc, sizeBytes: cursor.offset };
}

/** The header as rows for `codec info`, in file order. */
export function listHeader(header: ContainerHeader): FieldListing[] {
  return [
    ...listFields(recipeFields, header),
    { name: 'kind', value: header.kind, doc: 'what the file holds' },
    ...listFields(mediaKinds[header.kind].fields as readonly Field[], header as never),
  ];
}

function excessIndices(header: ContainerHeader): { found: string; expected: string } | undefined {
  const indices = header.codebooks * framesPerChunkOf(header);
  if (indices <= MAX_INDICES_PER_CHUNK) return undefined;
  return { found: `${indices} indices per chunk`, expected: `at most ${MAX_INDICES_PER_CHUNK}` };
}

/** What programs that take the file for text make of the magic's first byte. */
const MANGLED: readonly (readonly number[])[] = [
  [0xef, 0xbf, 0xbd, 0x4e, 0x43], // decoded as UTF-8 and written again
  [0xc2, 0x8e, 0x4e, 0x43], // taken for Latin-1, written as UTF-8
  [0xc5, 0xbd, 0x4e, 0x43], // taken for Windows-1252, written as UTF-8
  [0x0e, 0x4e, 0x43], // cut to seven bits
];

/** Throws unless `bytes`, however few, may begin a `.codec` file. */
function checkMagic(bytes: Uint8Array, name: string): void {
  const start = bytes.subarray(0, MAGIC.length);
  if (start.every((byte, i) => byte === MAGIC[i])) return;
  const asText = MANGLED.some((mangled) => mangled.every((byte, i) => byte === bytes[i]));
  const parts = asText
    ? {
        what: `${name} is a .codec file that was copied as text`,
        remedy: 'Get the file again from its source, as binary.',
      }
    : { what: `${name} is not a .codec file`, remedy: 'Check the path; encode signals first.' };
  throw headerError('not-codec', start.length, {
    ...parts,
    found: `first bytes ${toHex(bytes.subarray(0, 8), ' ')}`,
    expected: toHex(MAGIC, ' '),
  });
}
