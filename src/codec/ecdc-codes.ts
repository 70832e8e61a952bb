import type { ByteFeed } from '../bitstream/byte-feed.ts';
import { LsbBitReader, LsbBitWriter } from '../bitstream/lsb-bits.ts';
import type { Codes } from '../core/codes.ts';
import {
  EcdcArithmeticDecoder,
  EcdcArithmeticEncoder,
  MAX_BITS_PER_SYMBOL,
  quantizeCdf,
} from '../entropy/ecdc-coder.ts';
import { bitsPerIndex } from '../entropy/entropy-coder.ts';
import { notACode, truncated } from './ecdc-errors.ts';
import type { LanguageModel, LanguageModelRun } from './language-model.ts';

/** Of a segment's scale, before its codes. */
export const SCALE_BYTES = 4;

type Shape = Pick<Codes, 'codebooks' | 'codebookSize'>;

/** Codes in, bytes of a `.ecdc` file out. Segments do not depend on each other and begin on a whole byte. */
export interface EcdcCodesWriter {
  /** Takes frames of the segment; gives the bytes that are now certain. */
  write(codes: Codes): Promise<Uint8Array>;
  /** Ends the segment and gives the rest of its bytes; what is written next begins another. */
  endSegment(): Uint8Array;
}

export interface EcdcCodesReader {
  /**
   * The next frames of the segment: as many as asked for, fewer before damage, never none.
   * Throws `bad-container` where the file ends or its codes make no sense.
   */
  read(frames: number): Promise<Codes>;
  /** What is read next begins another segment. */
  endSegment(): void;
}

/** Codes as they are: frame by frame, codebook by codebook, each in as many bits as its size needs. */
class PlainWriter implements EcdcCodesWriter {
  private readonly bits = new LsbBitWriter();

  async write({ indices, codebooks, frames, codebookSize }: Codes): Promise<Uint8Array> {
    const width = bitsPerIndex(codebookSize);
    for (let t = 0; t < frames; t++) {
      for (let k = 0; k < codebooks; k++) this.bits.write(indices[k * frames + t]!, width);
    }
    return this.bits.take();
  }

  endSegment(): Uint8Array {
    return this.bits.end();
  }
}

/** Codes through the language model and the arithmetic coder; both start afresh with every segment. */
class ModelledWriter implements EcdcCodesWriter {
  private readonly model: LanguageModel;
  private readonly bits = new LsbBitWriter();
  private coder = new EcdcArithmeticEncoder(this.bits);
  private run: LanguageModelRun | undefined;
  private previous: Int32Array | undefined;

  constructor(model: LanguageModel) {
    this.model = model;
  }

  async write({ indices, codebooks, frames, codebookSize }: Codes): Promise<Uint8Array> {
    this.run ??= await this.model.begin(codebooks);
    const cdf = new Int32Array(codebookSize);
    for (let t = 0; t < frames; t++) {
      const probabilities = await this.run.step(this.previous);
      this.previous = Int32Array.from({ length: codebooks }, (_, k) => indices[k * frames + t]!);
      for (let k = 0; k < codebooks; k++) {
        quantizeCdf(probabilities.subarray(k * codebookSize, (k + 1) * codebookSize), cdf);
        this.coder.push(this.previous[k]!, cdf);
      }
    }
    return this.bits.take();
  }

  endSegment(): Uint8Array {
    this.coder.end();
    this.coder = new EcdcArithmeticEncoder(this.bits);
    this.run = undefined;
    this.previous = undefined;
    return this.bits.end();
  }
}

abstract class FrameReader implements EcdcCodesReader {
  protected readonly feed: ByteFeed;
  protected readonly shape: Shape;
  protected bits: LsbBitReader;
  /** Bytes a frame takes at most. */
  protected abstract readonly frameBytes: number;
  private failure: unknown;

  constructor(feed: ByteFeed, shape: Shape) {
    this.feed = feed;
    this.shape = shape;
    this.bits = new LsbBitReader(feed);
  }

  /** Reads a frame off the bytes at hand. */
  protected abstract frame(codes: Int32Array): void | Promise<void>;

  async read(frames: number): Promise<Codes> {
    const { codebooks } = this.shape;
    const rows = new Int32Array(frames * codebooks);
    let done = 0;
    try {
      for (; done < frames && !this.failure; done++) {
        await this.feed.want(this.frameBytes);
        await this.frame(rows.subarray(done * codebooks, (done + 1) * codebooks));
        if (this.bits.exhausted) throw truncated(this.feed.position);
      }
    } catch (error) {
      // Where reading has failed it cannot go on: the next call tells.
      this.failure = error;
    }
    if (done === 0) throw this.failure;
    const indices = new Int32Array(done * codebooks);
    for (let i = 0; i < indices.length; i++)
      indices[(i % codebooks) * done + Math.floor(i / codebooks)] = rows[i]!;
    return { ...this.shape, frames: done, indices };
  }

  endSegment(): void {
    this.bits = new LsbBitReader(this.feed);
  }
}

class PlainReader extends FrameReader {
  private readonly width = bitsPerIndex(this.shape.codebookSize);
  protected readonly frameBytes = Math.ceil((this.shape.codebooks * this.width) / 8) + 1;

  protected frame(codes: Int32Array): void {
    for (let k = 0; k < codes.length; k++) {
      codes[k] = this.bits.read(this.width);
      if (codes[k]! >= this.shape.codebookSize) throw notACode(codes[k]!, this.shape.codebookSize);
    }
  }
}

class ModelledReader extends FrameReader {
  private readonly model: LanguageModel;
  private coder = new EcdcArithmeticDecoder(this.bits);
  private run: LanguageModelRun | undefined;
  private previous: Int32Array | undefined;
  private readonly cdf = new Int32Array(this.shape.codebookSize);
  protected readonly frameBytes = Math.ceil((this.shape.codebooks * MAX_BITS_PER_SYMBOL) / 8) + 1;

  constructor(feed: ByteFeed, shape: Shape, model: LanguageModel) {
    super(feed, shape);
    this.model = model;
  }

  protected async frame(codes: Int32Array): Promise<void> {
    const { codebooks, codebookSize } = this.shape;
    this.run ??= await this.model.begin(codebooks);
    const probabilities = await this.run.step(this.previous);
    for (let k = 0; k < codebooks; k++) {
      quantizeCdf(probabilities.subarray(k * codebookSize, (k + 1) * codebookSize), this.cdf);
      codes[k] = this.coder.pull(this.cdf);
    }
    this.previous = codes.slice();
  }

  override endSegment(): void {
    super.endSegment();
    this.coder = new EcdcArithmeticDecoder(this.bits);
    this.run = undefined;
    this.previous = undefined;
  }
}

/** @param model the language model, where codes go through it */
export function ecdcCodesWriter(model?: LanguageModel): EcdcCodesWriter {
  return model ? new ModelledWriter(model) : new PlainWriter();
}

export function ecdcCodesReader(feed: ByteFeed, shape: Shape, model?: LanguageModel): EcdcCodesReader {
  return model ? new ModelledReader(feed, shape, model) : new PlainReader(feed, shape);
}

/** Bytes of a segment's codes without a language model. */
export function plainSegmentBytes(frames: number, codebooks: number, codebookSize: number): number {
  return Math.ceil((frames * codebooks * bitsPerIndex(codebookSize)) / 8);
}
