import { ContainerWriter } from '../bitstream/container-writer.ts';
import { type Codes, concatFrames, sliceFrames } from '../core/codes.ts';
import type { EntropyCoder } from '../entropy/entropy-coder.ts';
import { encodePayload } from './chunk-payload.ts';
import type { CodesEncoder, Framing } from './framing.ts';
import type { AudioHeader } from './header.ts';
import type { Model } from './model.ts';

/** Samples in, bytes of a .codec file out, any amount at a time and in constant memory. */
export class FileEncoder {
  /** Latent frames written so far. */
  frames = 0;
  private readonly encoder: CodesEncoder;
  private readonly entropy: EntropyCoder;
  private readonly header: AudioHeader;
  private readonly writer: ContainerWriter;
  private waiting: Codes;
  private started = false;

  constructor(model: Model, framing: Framing, entropy: EntropyCoder, header: AudioHeader) {
    this.encoder = framing.encoder(model, header.codebooks);
    this.entropy = entropy;
    this.header = header;
    this.writer = new ContainerWriter(header);
    const { codebookSize } = model.parts.quantizer;
    this.waiting = { indices: new Int32Array(0), codebooks: header.codebooks, frames: 0, codebookSize };
  }

  /** Takes planar samples; gives the bytes that are now certain. */
  async push(planar: readonly Float32Array[]): Promise<Uint8Array> {
    return this.write(await this.encoder.push(planar), false);
  }

  /** Ends the signal; gives the rest of the file. Throws `bad-audio` when there were no samples. */
  async end(): Promise<Uint8Array> {
    const bytes = this.write(await this.encoder.end(), true);
    return Buffer.concat([bytes, this.writer.end(this.encoder.lengthSamples)]);
  }

  private write(blocks: readonly Codes[], last: boolean): Uint8Array {
    const parts: Uint8Array[] = this.started ? [] : [this.writer.start()];
    this.started = true;
    const { framesPerChunk } = this.header;
    let waiting = concatFrames([this.waiting, ...blocks], this.waiting);
    while (waiting.frames >= framesPerChunk || (last && waiting.frames > 0)) {
      // Segments are chunks of their own: the last two may both be short.
      const frames = Math.min(framesPerChunk, waiting.segments?.[0]?.frames ?? waiting.frames);
      const { payload, mode } = encodePayload(sliceFrames(waiting, 0, frames), this.entropy);
      parts.push(this.writer.chunk({ frames, mode, payload }));
      waiting = sliceFrames(waiting, frames, waiting.frames);
      this.frames += frames;
    }
    this.waiting = waiting;
    return Buffer.concat(parts);
  }
}
