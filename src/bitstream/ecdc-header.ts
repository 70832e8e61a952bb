import { CodecError } from '../core/errors.ts';
import type { ByteFeed } from './byte-feed.ts';
import { toHex } from './fields.ts';

/** First bytes of EnCodec's own files: `ECDC`. */
export const ECDC_MAGIC = Uint8Array.of(0x45, 0x43, 0x44, 0x43);
const VERSION = 0;
/** Magic, version and length of the metadata. */
const FIXED_BYTES = ECDC_MAGIC.length + 1 + 4;
/** The reference writes some 60. */
const MAX_METADATA_BYTES = 4096;
const MAX_CODEBOOKS = 1024;

/** What a `.ecdc` file says about itself. Bitrate, sample rate and channels are those of the model. */
export interface EcdcHeader {
  /** The reference's name of the model: `encodec_24khz`, `encodec_48khz`. */
  readonly model: string;
  /** Samples per channel. */
  readonly lengthSamples: number;
  readonly codebooks: number;
  /** Whether the codes went through the language model and the arithmetic coder. */
  readonly languageModel: boolean;
}

/** Whether these are the first bytes of a `.ecdc` file. */
export function isEcdc(bytes: Uint8Array): boolean {
  return bytes.length >= ECDC_MAGIC.length && ECDC_MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Magic, version u8, length u32 big-endian, then JSON as Python's json.dumps writes it (encodec/binary.py). */
export function encodeEcdcHeader(header: EcdcHeader): Uint8Array<ArrayBuffer> {
  const { model, lengthSamples, codebooks, languageModel } = header;
  const name = JSON.stringify(model);
  const metadata = new TextEncoder().encode(
    `{"m": ${name}, "al": ${lengthSamples}, "nc": ${codebooks}, "lm": ${languageModel}}`,
  );
  const bytes = new Uint8Array(FIXED_BYTES + metadata.length);
  bytes.set(ECDC_MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint8(ECDC_MAGIC.length, VERSION);
  view.setUint32(ECDC_MAGIC.length + 1, metadata.length);
  bytes.set(metadata, FIXED_BYTES);
  return bytes;
}

/** Reads the header off a feed. Throws `bad-container` for other files, unknown versions and damaged headers. */
export async function readEcdcHeader(feed: ByteFeed): Promise<EcdcHeader> {
  await feed.want(FIXED_BYTES);
  const fixed = feed.take(FIXED_BYTES);
  if (!isEcdc(fixed)) {
    throw new CodecError('bad-container', {
      what: 'this is not a .ecdc file',
      found: `first bytes ${toHex(fixed.subarray(0, 4), ' ')}`,
      expected: toHex(ECDC_MAGIC, ' '),
    });
  }
  if (fixed.length < FIXED_BYTES) throw damagedHeader(`its end after ${fixed.length} bytes`);
  const view = new DataView(fixed.buffer);
  const version = view.getUint8(ECDC_MAGIC.length);
  if (version !== VERSION) {
    throw new CodecError('bad-container', {
      what: 'this .ecdc file is of an unknown version',
      found: `version ${version}`,
      expected: `${VERSION}`,
      remedy: 'Update neural-codec; if it is the latest, the file is damaged.',
    });
  }
  const size = view.getUint32(ECDC_MAGIC.length + 1);
  if (size > MAX_METADATA_BYTES) throw damagedHeader(`${size} bytes of metadata`);
  await feed.want(size);
  const metadata = feed.take(size);
  if (metadata.length < size) throw damagedHeader(`its end after ${FIXED_BYTES + metadata.length} bytes`);
  return parseMetadata(metadata);
}

function parseMetadata(bytes: Uint8Array): EcdcHeader {
  let tree: unknown;
  try {
    tree = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw damagedHeader('metadata that is not JSON');
  }
  const { m, al, nc, lm } = (typeof tree === 'object' && tree !== null ? tree : {}) as Record<
    string,
    unknown
  >;
  const whole = (value: unknown, most: number): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
  // Names are printed: a file must not be able to send commands to the terminal.
  if (typeof m !== 'string' || !/^[\w.-]{1,64}$/.test(m)) throw damagedHeader(`model name ${show(m)}`);
  if (!whole(al, Number.MAX_SAFE_INTEGER)) throw damagedHeader(`length ${show(al)}`);
  if (!whole(nc, MAX_CODEBOOKS)) throw damagedHeader(`${show(nc)} codebooks`);
  if (typeof lm !== 'boolean') throw damagedHeader(`language model flag ${show(lm)}`);
  return { model: m, lengthSamples: al, codebooks: nc, languageModel: lm };
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').replace(/\P{ASCII}|\p{Cc}/gu, '?').slice(0, 40);
}

function damagedHeader(found: string): CodecError {
  return new CodecError('bad-container', {
    what: 'the header of this .ecdc file is damaged',
    found,
    remedy: 'Get the file again from its source.',
  });
}
