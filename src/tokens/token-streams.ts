import type { AudioCodec } from '../codec/audio-codec.ts';
import type { CodesDecoder, CodesEncoder } from '../codec/framing.ts';
import { type Codes, concatFrames } from '../core/codes.ts';
import { joinBlocks } from '../core/signal.ts';
import { mixChannels } from '../media/channels.ts';
import { createResampler, type Resampler } from '../media/resample.ts';
import { codesOfRows, rowsOfCodes } from './audio-tokens.ts';

/** Samples of one channel, or of each. */
export type Samples = Float32Array | readonly Float32Array[];

/** Sound that arrives bit by bit, to tokens. Codes do not depend on how the samples were cut. */
export class TokenEncodeStream {
  private readonly codec: AudioCodec;
  private readonly encoder: CodesEncoder;
  private readonly codebooks: number;
  private readonly sampleRateHz: number;
  private resampler: Resampler | undefined;

  constructor(codec: AudioCodec, codebooks: number, sampleRateHz: number) {
    this.codec = codec;
    this.codebooks = codebooks;
    this.sampleRateHz = sampleRateHz;
    this.encoder = codec.parts.framing.encoder(codec.parts.model, codebooks);
  }

  /** Samples, at the codec's rate, taken in so far. */
  get lengthSamples(): number {
    return this.encoder.lengthSamples;
  }

  /**
   * Takes samples; gives the codes that are now certain, `[codebook][frame]`, maybe none.
   * @throws `bad-audio` for samples that are not finite or channels that cannot be mixed
   */
  async push(samples: Samples): Promise<Int32Array[]> {
    return this.rows(await this.pushBlocks(samples));
  }

  /** Ends the sound; gives the rest of the codes. Throws `bad-audio` when there were no samples. */
  async flush(): Promise<Int32Array[]> {
    return this.rows(await this.flushBlocks());
  }

  /** As `push`, in the codec's terms. */
  async pushBlocks(samples: Samples): Promise<Codes[]> {
    const planar = samples instanceof Float32Array ? [samples] : samples;
    const { channels, sampleRateHz } = this.codec.parts;
    const mixed = mixChannels(planar, channels);
    if (this.sampleRateHz === sampleRateHz) return this.encoder.push(mixed);
    this.resampler ??= await createResampler(this.sampleRateHz, sampleRateHz, channels);
    return this.encoder.push(this.resampler.push(mixed));
  }

  async flushBlocks(): Promise<Codes[]> {
    const rest = this.resampler ? await this.encoder.push(this.resampler.finish()) : [];
    return [...rest, ...(await this.encoder.end())];
  }

  private rows(blocks: readonly Codes[]): Int32Array[] {
    const { codebookSize } = this.codec.parts.model.parts.quantizer;
    return rowsOfCodes(concatFrames(blocks, { codebooks: this.codebooks, codebookSize }));
  }
}

/** Tokens that arrive bit by bit, to sound. */
export class TokenDecodeStream {
  private readonly codec: AudioCodec;
  private readonly decoder: CodesDecoder;

  constructor(codec: AudioCodec, codebooks: number) {
    this.codec = codec;
    this.decoder = codec.parts.framing.decoder(codec.parts.model, codebooks);
  }

  /**
   * Takes frames, `[codebook][frame]`; gives the planar samples that are now certain, maybe none.
   * @throws `bad-argument` for codes that do not fit, and where codecs that cut sound into segments lack them
   */
  async push(codes: readonly Int32Array[], segments?: Codes['segments']): Promise<Float32Array[]> {
    const { codebookSize } = this.codec.parts.model.parts.quantizer;
    return this.decoder.push(codesOfRows(codes, codebookSize, segments));
  }

  /** Ends the sound and gives the rest of it: frames * hop samples in all. */
  async flush(): Promise<Float32Array[]> {
    return joinBlocks([await this.decoder.end()], this.codec.parts.channels);
  }
}
