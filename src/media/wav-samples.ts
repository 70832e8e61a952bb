import wavDecoder from 'wav-decoder';
import type { SampleFormat } from './audio-stream.ts';
import type { WavHeader } from './wav-header.ts';

export const BYTES_PER_SAMPLE: Readonly<Record<SampleFormat, number>> = { pcm16: 2, pcm24: 3, float32: 4 };

const DECODER_HEADER_BYTES = 44;

/**
 * Interleaved sample bytes (whole frames) as planar floats: a signed integer of n bits over 2^(n-1), exactly;
 * unsigned 8 bits less 128, over 128; floats as they are.
 */
export function decodeSamples(bytes: Uint8Array, header: WavHeader): Float32Array[] {
  // wav-decoder scales 16 and 32 bits so with `symmetric`, but 8 bits around 127.5, and it reads the lowest
  // 24-bit value as +1. Both come out right as the high bytes of 32-bit samples.
  const widened = header.bytesPerSample === 1 || header.bytesPerSample === 3;
  const decoderBytesPerSample = widened ? 4 : header.bytesPerSample;
  const samples = bytes.length / header.bytesPerSample;
  const file = new ArrayBuffer(DECODER_HEADER_BYTES + samples * decoderBytesPerSample);
  fillDecoderHeader(new DataView(file), header, decoderBytesPerSample);
  const target = new Uint8Array(file, DECODER_HEADER_BYTES);
  if (header.bytesPerSample === 1) {
    for (let i = 0; i < samples; i++) target[4 * i + 3] = bytes[i]! ^ 0x80;
  } else if (header.bytesPerSample === 3) {
    for (let i = 0; i < samples; i++) {
      target[4 * i + 1] = bytes[3 * i]!;
      target[4 * i + 2] = bytes[3 * i + 1]!;
      target[4 * i + 3] = bytes[3 * i + 2]!;
    }
  } else {
    target.set(bytes);
  }
  return wavDecoder.decode.sync(file, { symmetric: true }).channelData;
}

/** A canonical RIFF header, so that wav-decoder takes a block of samples for a whole file. */
function fillDecoderHeader(view: DataView, header: WavHeader, bytesPerSample: number): void {
  const ascii = (at: number, text: string) => {
    for (let i = 0; i < 4; i++) view.setUint8(at + i, text.charCodeAt(i));
  };
  ascii(0, 'RIFF');
  view.setUint32(4, view.byteLength - 8, true);
  ascii(8, 'WAVE');
  ascii(12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, header.encoding === 'float' ? 3 : 1, true);
  view.setUint16(22, header.channels, true);
  view.setUint32(24, header.sampleRateHz, true);
  view.setUint16(32, header.channels * bytesPerSample, true);
  view.setUint16(34, bytesPerSample * 8, true);
  ascii(36, 'data');
  view.setUint32(40, view.byteLength - DECODER_HEADER_BYTES, true);
}

/** Samples [from, to) of every channel as interleaved little-endian bytes, and how many were out of range. */
export function encodeSamples(
  planar: readonly Float32Array[],
  from: number,
  to: number,
  format: SampleFormat,
): { bytes: Uint8Array; clippedSamples: number } {
  const step = BYTES_PER_SAMPLE[format];
  const bytes = new Uint8Array((to - from) * planar.length * step);
  const view = new DataView(bytes.buffer);
  const fullScale = format === 'pcm16' ? 2 ** 15 : 2 ** 23;
  let clippedSamples = 0;
  for (const [c, samples] of planar.entries()) {
    let at = c * step;
    for (let t = from; t < to; t++, at += planar.length * step) {
      const sample = samples[t]!;
      if (format === 'float32') {
        view.setFloat32(at, sample, true);
        continue;
      }
      const rounded = Math.round(sample * fullScale);
      const clipped = Math.max(-fullScale, Math.min(fullScale - 1, rounded));
      if (clipped !== rounded) clippedSamples++;
      if (format === 'pcm24') view.setUint8(at + 2, clipped >> 16);
      view.setInt16(at, clipped, true);
    }
  }
  return { bytes, clippedSamples };
}
