import { type EcdcHeader, encodeEcdcHeader } from '../bitstream/ecdc-header.ts';
import { type Codes, sliceFrames } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import type { AudioCodec, EncodeOptions } from './audio-codec.ts';
import { type EcdcCodesWriter, ecdcCodesWriter, SCALE_BYTES } from './ecdc-codes.ts';
import { profileOf } from './ecdc-profile.ts';
import type { CodesEncoder } from './framing.ts';

export interface EcdcEncodeOptions extends EncodeOptions {
  /** Code with the recipe's language model: smaller, much slower, and readable only on the same type of machine. */
  readonly languageModel?: boolean;
}

export interface EcdcStreamOptions extends EcdcEncodeOptions {
  /** Samples per channel to come, if known. Without it nothing is given before the end: the length comes first. */
  readonly lengthSamples?: number;
}

/**
 * Encodes sound that arrives bit by bit into a `.ecdc` file: `push` planar samples, write the bytes it gives, and `end`.
 * Throws `bad-recipe` when the codec's recipe does not say which of the reference's models it is.
 */
export async function ecdcEncoderStream(
  codec: AudioCodec,
  options: EcdcStreamOptions = {},
): Promise<EcdcEncoder> {
  const { model, framing } = codec.parts;
  const profile = profileOf(codec.parts);
  const codebooks = codec.codebooksFor(options.bitrateKbps);
  const languageModel = options.languageModel ? await profile.languageModel() : undefined;
  return new EcdcEncoder(framing.encoder(model, codebooks), ecdcCodesWriter(languageModel), {
    model: profile.model,
    codebooks,
    languageModel: languageModel !== undefined,
    lengthSamples: options.lengthSamples,
  });
}

type ExpectedHeader = Omit<EcdcHeader, 'lengthSamples'> & { readonly lengthSamples: number | undefined };

/** Samples in, bytes of a `.ecdc` file out. */
export class EcdcEncoder {
  private readonly encoder: CodesEncoder;
  private readonly writer: EcdcCodesWriter;
  private readonly header: ExpectedHeader;
  private started = false;
  /** Codes that wait for the header, which tells the length. They are a hundredth of the samples. */
  private readonly held: Uint8Array[] = [];

  /** Use `ecdcEncoderStream`. */
  constructor(encoder: CodesEncoder, writer: EcdcCodesWriter, header: ExpectedHeader) {
    this.encoder = encoder;
    this.writer = writer;
    this.header = header;
  }

  /** Takes planar samples; gives the bytes that are now certain. */
  async push(planar: readonly Float32Array[]): Promise<Uint8Array> {
    await this.code(await this.encoder.push(planar));
    return this.header.lengthSamples === undefined
      ? new Uint8Array(0)
      : this.release(this.header.lengthSamples);
  }

  /** Ends the signal; gives the rest of the file. Throws `bad-audio` when the length was not as told, or zero. */
  async end(): Promise<Uint8Array> {
    await this.code(await this.encoder.end());
    this.held.push(this.writer.endSegment());
    const { lengthSamples } = this.encoder;
    if (this.header.lengthSamples !== undefined && this.header.lengthSamples !== lengthSamples) {
      throw new CodecError('bad-audio', {
        what: 'the sound is not as long as it was said to be',
        found: `${lengthSamples} samples`,
        expected: `${this.header.lengthSamples}`,
      });
    }
    return this.release(lengthSamples);
  }

  private async code(blocks: readonly Codes[]): Promise<void> {
    for (const codes of blocks) {
      if (!codes.segments) this.held.push(await this.writer.write(codes));
      let at = 0;
      for (const { frames, scale } of codes.segments ?? []) {
        this.held.push(scaleBytes(scale), await this.writer.write(sliceFrames(codes, at, at + frames)));
        this.held.push(this.writer.endSegment());
        at += frames;
      }
    }
  }

  private release(lengthSamples: number): Uint8Array {
    const parts = this.held.splice(0);
    if (!this.started) parts.unshift(encodeEcdcHeader({ ...this.header, lengthSamples }));
    this.started = true;
    return Buffer.concat(parts);
  }
}

function scaleBytes(scale: number): Uint8Array {
  const bytes = new Uint8Array(SCALE_BYTES);
  new DataView(bytes.buffer).setFloat32(0, scale);
  return bytes;
}
