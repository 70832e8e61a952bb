import { type ContainerHeader, writeHeader } from '../bitstream2/header.ts';
import { writeRecord } from '../bitstream2/records.ts';
import { type Codes, concatFrames, sliceFrames } from '../core/codes.ts';
import type { EntropyCoder } from '../entropy2/entropy-coder.ts';
import { CodesEncoder } from './codes-encoder.ts';
import type { Model } from './model.ts';

/** Samples in, bytes of a .codec file out, any amount at a time and in constant memory. */
export class FileEncoder {
  /** Latent frames written so far. */
  frames = 0;
  private readonly encoder: CodesEncoder;
  private readonly entropy: EntropyCoder;
  private readonly header: ContainerHeader;
  private waiting: Codes;
  private index = 0;
  private started = false;

  constructor(model: Model, entropy: EntropyCoder, header: ContainerHeader) {
    this.encoder = new CodesEncoder(model, header.codebooks);
    this.entropy = entropy;
    this.header = header;
    const { codebookSize } = model.parts.quantizer;
    this.waiting = { indices: new Int32Array(0), codebooks: header.codebooks, frames: 0, codebookSize };
  }

  /** Takes planar samples; gives the bytes that are now certain. */
  async push(planar: readonly Float32Array[]): Promise<Uint8Array> {
    return this.write(await this.encoder.push(planar), false);
  }

  /** Ends the signal; gives the rest of the file. Throws `bad-audio` when there were no samples. */
  async end(): Promise<Uint8Array> {
    const bytes = this.write([await this.encoder.end()], true);
    const end = writeRecord({ kind: 'end', lengthSamples: this.encoder.lengthSamples }, this.header);
    return Buffer.concat([bytes, end]);
  }

  private write(blocks: readonly Codes[], last: boolean): Uint8Array {
    const parts: Uint8Array[] = this.started ? [] : [writeHeader(this.header)];
    this.started = true;
    const { framesPerChunk } = this.header;
    let waiting = concatFrames([this.waiting, ...blocks], this.waiting);
    while (waiting.frames >= framesPerChunk || (last && waiting.frames > 0)) {
      const frames = Math.min(framesPerChunk, waiting.frames);
      const { bytes: payload, mode } = this.entropy.encode(sliceFrames(waiting, 0, frames));
      parts.push(writeRecord({ kind: 'chunk', index: this.index++, frames, mode, payload }, this.header));
      waiting = sliceFrames(waiting, frames, waiting.frames);
      this.frames += frames;
    }
    this.waiting = waiting;
    return Buffer.concat(parts);
  }
}
