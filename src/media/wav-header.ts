import { CodecError } from '../core/errors.ts';
import type { ByteReader } from './byte-reader.ts';

/** What the chunks before the samples say. */
export interface WavHeader {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly encoding: 'pcm' | 'float';
  readonly bytesPerSample: number;
  /** One sample of every channel (`nBlockAlign`). */
  readonly frameBytes: number;
  /** Size of the samples; Infinity where the header leaves it open, as writers to pipes do. */
  readonly dataBytes: number;
}

type WavFormat = Omit<WavHeader, 'dataBytes'>;

const PCM = 1;
const IEEE_FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const OPEN_SIZE = 0xffffffff;
/** What SoX and arecord write when they cannot know the size. */
const OPEN_SIZES_OF_PIPES = [0x7ffff000, 0x7fffff00];
/** More chunks than any sane file has before its samples; ends the search in a file of noise. */
const MAX_CHUNKS = 4096;
const MAX_FORMAT_BYTES = 64;
const MAX_CHANNELS = 1024;
const MAX_DS64_BYTES = 28 + 12 * MAX_CHUNKS;
/** The last 14 bytes of the GUIDs that wrap a plain format tag, KSDATAFORMAT_SUBTYPE_*. */
const SUBTYPE_TAIL = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];

/**
 * Whether these first bytes (48 or more, if there are so many) begin a WAV file with samples `openWav` takes.
 * A compressed WAV (A-law, ADPCM, ...) is not one.
 */
export function looksLikeWav(head: Uint8Array): boolean {
  const view = viewOf(head);
  if (head.length < 12 || !isWaveForm(view)) return false;
  // `fmt ` comes first in practice; where it does not, the full parse decides.
  if (head.length < 22 || fourCc(view, 12) !== 'fmt ') return true;
  return [PCM, IEEE_FLOAT, EXTENSIBLE].includes(view.getUint16(20, true));
}

/**
 * Reads the header of a RIFF, RF64 or BW64 file (Microsoft/IBM RIFF 1991, EBU Tech 3306, ITU-R BS.2088) and
 * leaves `reader` at the first sample. Throws `bad-audio`.
 */
export async function readWavHeader(reader: ByteReader): Promise<WavHeader> {
  const fail = failureOf(reader.name);
  const form = await reader.read(12);
  if (form.length === 0) throw fail('no bytes', 'a WAV file', 'Give a file that is not empty.');
  if (form.length < 12 || !isWaveForm(viewOf(form))) {
    throw fail('no RIFF/WAVE header', 'a WAV file', 'Convert it to WAV.');
  }
  const riffBytes = viewOf(form).getUint32(4, true);
  const largeSizes = new Map<string, number>();
  let format: WavFormat | undefined;

  for (let n = 0; n < MAX_CHUNKS; n++) {
    const chunk = await reader.read(8);
    if (chunk.length < 8) throw fail('the end of the file', format ? 'a data chunk' : 'a fmt chunk');
    const id = fourCc(viewOf(chunk), 0);
    if (!/^[ -~]{4}$/.test(id)) {
      throw fail(`no chunk name at byte ${reader.positionBytes - 8}`, 'a chunk such as fmt or data');
    }
    const size32 = viewOf(chunk).getUint32(4, true);
    const size = size32 === OPEN_SIZE ? (largeSizes.get(id) ?? size32) : size32;
    if (id === 'data') {
      if (!format) throw fail('a data chunk before any fmt chunk', 'fmt first');
      return { ...format, dataBytes: dataBytesOf(size, riffBytes, reader) };
    }
    const wanted = id === 'fmt ' ? MAX_FORMAT_BYTES : id === 'ds64' ? MAX_DS64_BYTES : 0;
    const body = wanted > 0 ? await reader.read(Math.min(size, wanted)) : undefined;
    if (body && id === 'fmt ') format = parseFormat(viewOf(body), fail);
    if (body && id === 'ds64') parseLargeSizes(viewOf(body), largeSizes, fail);
    await reader.skip(size + (size % 2) - (body?.length ?? 0));
  }
  throw fail(`${MAX_CHUNKS} chunks and no samples`, 'a data chunk');
}

function parseFormat(view: DataView, fail: Fail): WavFormat {
  if (view.byteLength < 16) throw fail(`a fmt chunk of ${view.byteLength} bytes`, '16 or more');
  const tag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const sampleRateHz = view.getUint32(4, true);
  const frameBytes = view.getUint16(12, true);
  const bits = view.getUint16(14, true);
  const encoding = encodingOf(tag, view);
  const accepted = encoding === 'float' ? [32, 64] : [8, 16, 24, 32];
  // Depths between (12, 20 bits) fill the high bits of the next larger container.
  const bytesPerSample = Math.ceil(bits / 8);
  if (channels === 0 || channels > MAX_CHANNELS) throw fail(`${channels} channels`, `1 to ${MAX_CHANNELS}`);
  if (sampleRateHz === 0) throw fail('a sample rate of 0 Hz', 'more than 0 Hz');
  if (!encoding || !accepted.includes(bytesPerSample * 8)) {
    throw fail(
      `format 0x${tag.toString(16).padStart(4, '0')} with ${bits} bits per sample`,
      'PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64',
      'Re-export it as 16-bit PCM.',
    );
  }
  if (frameBytes !== channels * bytesPerSample) {
    throw fail(
      `${frameBytes} bytes per frame`,
      `${channels * bytesPerSample} for ${channels} channels of ${bits} bits`,
    );
  }
  return { sampleRateHz, channels, encoding, bytesPerSample, frameBytes };
}

function encodingOf(tag: number, view: DataView): 'pcm' | 'float' | undefined {
  let plain = tag;
  if (tag === EXTENSIBLE) {
    if (view.byteLength < 40 || SUBTYPE_TAIL.some((byte, i) => view.getUint8(26 + i) !== byte))
      return undefined;
    plain = view.getUint16(24, true);
  }
  return plain === PCM ? 'pcm' : plain === IEEE_FLOAT ? 'float' : undefined;
}

/** The 64-bit sizes of `data`, and of any other chunk named in the table. */
function parseLargeSizes(view: DataView, sizes: Map<string, number>, fail: Fail): void {
  if (view.byteLength < 28) throw fail(`a ds64 chunk of ${view.byteLength} bytes`, '28 or more');
  const sizeAt = (at: number): number => {
    const size = view.getBigUint64(at, true);
    if (size === 2n ** 64n - 1n) return OPEN_SIZE;
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw fail(`a chunk of ${size} bytes`, 'less than 2^53');
    return Number(size);
  };
  sizes.set('data', sizeAt(8));
  const entries = Math.min(view.getUint32(24, true), Math.floor((view.byteLength - 28) / 12));
  for (let i = 0; i < entries; i++) {
    const at = 28 + 12 * i;
    sizes.set(fourCc(view, at), sizeAt(at + 4));
  }
}

function dataBytesOf(size: number, riffBytes: number, reader: ByteReader): number {
  if (size === OPEN_SIZE) return Infinity;
  if (size === 0) {
    // Zero is true only where the RIFF size counts further chunks; else a writer to a pipe could not fill it in.
    const counted = riffBytes !== OPEN_SIZE && riffBytes + 8 > reader.positionBytes;
    return counted ? 0 : Infinity;
  }
  const here = reader.sizeBytes === undefined ? 0 : reader.sizeBytes - reader.positionBytes;
  return OPEN_SIZES_OF_PIPES.includes(size) && here < size ? Infinity : size;
}

type Fail = (found: string, expected: string, remedy?: string) => CodecError;

function failureOf(name: string): Fail {
  return (found, expected, remedy = 'Check that the file is complete, or convert it to 16-bit PCM WAV.') =>
    new CodecError('bad-audio', { what: `cannot read ${name} as WAV`, found, expected, remedy });
}

function isWaveForm(view: DataView): boolean {
  return ['RIFF', 'RF64', 'BW64'].includes(fourCc(view, 0)) && fourCc(view, 8) === 'WAVE';
}

function fourCc(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
