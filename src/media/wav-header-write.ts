import type { SampleFormat } from './audio-stream.ts';
import { BYTES_PER_SAMPLE } from './wav-samples.ts';

export interface WavShape {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly format: SampleFormat;
}

const OPEN_SIZE = 0xffffffff;
const DS64_BYTES = 28;

/**
 * Everything before the first sample of a WAV file with `dataBytes` bytes of samples (Infinity: not known, the
 * sizes are left open as 0xFFFFFFFF). From 4 GiB on it is RF64 (EBU Tech 3306); `reserveLarge` keeps room to become
 * so, without which the PCM header has the canonical 44 bytes.
 */
export function wavHeaderBytes(
  { sampleRateHz, channels, format }: WavShape,
  dataBytes: number,
  reserveLarge: boolean,
): Uint8Array {
  const bytesPerSample = BYTES_PER_SAMPLE[format];
  const frameBytes = channels * bytesPerSample;
  const isFloat = format === 'float32';
  // Formats other than PCM must have the extension-size field and a fact chunk.
  const fixedBytes = 12 + 8 + (isFloat ? 18 + 12 : 16) + 8;
  const riffBytesFor = (headerBytes: number) => headerBytes - 8 + dataBytes + (dataBytes % 2);
  const isOpen = dataBytes === Infinity;
  const isLarge = !isOpen && riffBytesFor(fixedBytes + 8 + DS64_BYTES) >= OPEN_SIZE;
  const headerBytes = fixedBytes + (isLarge || reserveLarge ? 8 + DS64_BYTES : 0);
  const frames = dataBytes / frameBytes;
  const limit32 = (size: number) => (isOpen || isLarge ? OPEN_SIZE : size);

  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u16 = (value: number) => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const u64 = (value: number) => {
    view.setBigUint64(at, BigInt(value), true);
    at += 8;
  };
  const id = (text: string) => {
    for (const letter of text) view.setUint8(at++, letter.charCodeAt(0));
  };

  id(isLarge ? 'RF64' : 'RIFF');
  u32(limit32(riffBytesFor(headerBytes)));
  id('WAVE');
  if (isLarge) {
    id('ds64');
    u32(DS64_BYTES);
    u64(riffBytesFor(headerBytes));
    u64(dataBytes);
    u64(frames);
    u32(0);
  } else if (reserveLarge) {
    id('JUNK');
    u32(DS64_BYTES);
    at += DS64_BYTES;
  }
  id('fmt ');
  u32(isFloat ? 18 : 16);
  u16(isFloat ? 3 : 1);
  u16(channels);
  u32(sampleRateHz);
  u32(sampleRateHz * frameBytes);
  u16(frameBytes);
  u16(bytesPerSample * 8);
  if (isFloat) {
    u16(0);
    id('fact');
    u32(4);
    u32(limit32(frames));
  }
  id('data');
  u32(limit32(dataBytes));
  return bytes;
}
