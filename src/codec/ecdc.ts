import { type AudioSignal, joinBlocks, lengthSamples } from '../core/signal.ts';
import type { AudioCodec, DecodeOptions } from './audio-codec.ts';
import { ecdcDecoderStream, openEcdc } from './ecdc-decoder.ts';
import { type EcdcEncodeOptions, ecdcEncoderStream } from './ecdc-encoder.ts';

/** signal -> bytes of a `.ecdc` file, as the reference EnCodec writes it. Throws as `ecdcEncoderStream`. */
export async function encodeEcdc(
  codec: AudioCodec,
  signal: AudioSignal,
  options: EcdcEncodeOptions = {},
): Promise<Uint8Array> {
  codec.assertFits(signal);
  const stream = await ecdcEncoderStream(codec, { ...options, lengthSamples: lengthSamples(signal) });
  return Buffer.concat([await stream.push(signal.channels), await stream.end()]);
}

/** bytes of a `.ecdc` file -> signal. Throws as `ecdcDecoderStream` and its blocks. */
export async function decodeEcdc(
  codec: AudioCodec,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<AudioSignal> {
  const { blocks } = await ecdcDecoderStream(codec, await openEcdc(bytes), options);
  const parts: Float32Array[][] = [];
  for await (const block of blocks) parts.push(block);
  const { sampleRateHz, channels } = codec.parts;
  return { kind: 'audio', sampleRateHz, channels: joinBlocks(parts, channels) };
}
