import { ContainerReader, type ContainerSource, openContainer } from '../bitstream/container-reader.ts';
import { toHex } from '../bitstream/fields.ts';
import { type Codes, concatFrames } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { type AudioSignal, assertValidAudio, joinBlocks } from '../core/signal.ts';
import { type EntropyCoderName, type EntropyCoders, entropyCoderNames } from '../entropy/catalogue.ts';
import type { EntropyCoder } from '../entropy/entropy-coder.ts';
import { codebooksFor } from './bitrate.ts';
import type { EcdcProfile } from './ecdc-profile.ts';
import { type DecodeReport, decodeContainer } from './file-decoder.ts';
import { FileEncoder } from './file-encoder.ts';
import type { Framing } from './framing.ts';
import { type AudioHeader, assertAudioHeader } from './header.ts';
import type { Model } from './model.ts';

/** What makes a codec besides its model. */
export interface CodecParts {
  readonly name: string;
  /** Number under which files name the recipe, or 0. */
  readonly id: number;
  readonly fingerprint: Uint8Array;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly model: Model;
  readonly entropy: EntropyCoders;
  /** Coder of codes, when none is asked for. */
  readonly defaultEntropy: EntropyCoderName;
  /** Nominal bitrates on offer, and the one used when none is asked for. */
  readonly bitratesKbps: readonly number[];
  readonly defaultKbps: number;
  /** How signals are cut for the model. */
  readonly framing: Framing;
  /** For recipes with the weights of one of the reference's models. */
  readonly ecdc?: EcdcProfile;
}

export interface EncodeOptions {
  /** Nominal bitrate, one of the recipe's. */
  readonly bitrateKbps?: number;
  /** Coder of the codes; the recipe's when left out. The file says which, so that decoding need not be told. */
  readonly entropy?: EntropyCoderName;
}

export interface DecodeOptions {
  /** Decode what is intact of a damaged file; the rest is silence. */
  readonly bestEffort?: boolean;
}

/** A codec for sound, ready to use. Signals must already have its sample rate and channels. */
export class AudioCodec {
  readonly parts: CodecParts;

  constructor(parts: CodecParts) {
    this.parts = parts;
  }

  /** Latent frames per second. */
  get frameRateHz(): number {
    return this.parts.sampleRateHz / this.parts.model.hopLength;
  }

  /** Codebooks for one of the recipe's bitrates. Throws `bad-argument` for another. */
  codebooksFor(bitrateKbps = this.parts.defaultKbps): number {
    if (!this.parts.bitratesKbps.includes(bitrateKbps)) {
      throw new CodecError('bad-argument', {
        what: `the recipe ${this.parts.name} has no such bitrate`,
        found: `${bitrateKbps} kbps`,
        expected: `one of ${this.parts.bitratesKbps.join(', ')}`,
      });
    }
    const { codebooks, codebookSize } = this.parts.model.parts.quantizer;
    return codebooksFor(bitrateKbps, { codebooks, codebookSize, frameRateHz: this.frameRateHz });
  }

  /** signal -> bytes of a .codec file */
  async encode(signal: AudioSignal, options: EncodeOptions = {}): Promise<Uint8Array> {
    this.assertFits(signal);
    const stream = this.encoderStream(options);
    return Buffer.concat([await stream.push(signal.channels), await stream.end()]);
  }

  /** bytes of a .codec file -> signal */
  async decode(bytes: Uint8Array, options: DecodeOptions = {}): Promise<AudioSignal> {
    const { blocks } = await this.decoderStream(bytes, options);
    const parts: Float32Array[][] = [];
    for await (const block of blocks) parts.push(block);
    return this.signal(parts);
  }

  /** signal -> codes */
  async toCodes(signal: AudioSignal, { bitrateKbps }: EncodeOptions = {}): Promise<Codes> {
    this.assertFits(signal);
    const codebooks = this.codebooksFor(bitrateKbps);
    const encoder = this.parts.framing.encoder(this.parts.model, codebooks);
    const blocks = [...(await encoder.push(signal.channels)), ...(await encoder.end())];
    return concatFrames(blocks, { codebooks, codebookSize: this.parts.model.parts.quantizer.codebookSize });
  }

  /** codes -> signal of frames * hop samples */
  async fromCodes(codes: Codes): Promise<AudioSignal> {
    const decoder = this.parts.framing.decoder(this.parts.model, codes.codebooks);
    return this.signal([await decoder.push(codes), await decoder.end()]);
  }

  /** Encodes sound that arrives bit by bit: `push` planar samples, write the bytes it gives, and `end`. */
  encoderStream({ bitrateKbps, entropy }: EncodeOptions = {}): FileEncoder {
    const { model, framing, id, name, fingerprint, sampleRateHz, channels } = this.parts;
    const header: AudioHeader = {
      recipeId: id,
      recipeName: id === 0 ? name : '',
      fingerprint,
      kind: 'audio',
      sampleRateHz,
      channels,
      codebooks: this.codebooksFor(bitrateKbps),
      framesPerChunk: framing.framesPerChunk(model),
    };
    return new FileEncoder(model, framing, this.entropyCoder(entropy), header);
  }

  /** Decodes a file as it arrives: `blocks` of planar samples. Options do not matter for a container already open. */
  async decoderStream(
    source: ContainerSource | ContainerReader,
    options: DecodeOptions = {},
  ): Promise<{ header: AudioHeader; blocks: AsyncIterable<Float32Array[]>; report: DecodeReport }> {
    const container = source instanceof ContainerReader ? source : await openContainer(source, options);
    const { header } = container;
    assertAudioHeader(header);
    this.checkHeader(header);
    const report: DecodeReport = { missingChunks: [], damages: [], complete: false };
    return {
      header,
      blocks: decodeContainer(container, header, this.parts, report),
      report,
    };
  }

  async dispose(): Promise<void> {
    await this.parts.model.dispose();
    await this.parts.ecdc?.dispose();
  }

  /** Throws `bad-audio` for a signal of another rate or number of channels, or one that is not sound. */
  assertFits(signal: AudioSignal): void {
    assertValidAudio(signal, 'cannot encode this audio');
    const { sampleRateHz, channels, name } = this.parts;
    if (signal.sampleRateHz === sampleRateHz && signal.channels.length === channels) return;
    throw new CodecError('bad-audio', {
      what: `cannot encode this audio with ${name}`,
      found: `${signal.sampleRateHz} Hz, ${signal.channels.length} channels`,
      expected: `${sampleRateHz} Hz, ${channels}`,
      remedy: 'Read it with readAudio(path, { sampleRateHz, channels }), which converts.',
    });
  }

  private entropyCoder(name = this.parts.defaultEntropy): EntropyCoder {
    if (entropyCoderNames.includes(name)) return this.parts.entropy.get(name);
    throw new CodecError('bad-argument', {
      what: 'there is no such entropy coder',
      found: `"${name}"`,
      expected: entropyCoderNames.join(', '),
    });
  }

  private checkHeader(header: AudioHeader): void {
    const { fingerprint, name, model, sampleRateHz, channels } = this.parts;
    if (toHex(header.fingerprint) !== toHex(fingerprint)) {
      throw new CodecError('bad-container', {
        what: `the file was made with other weights than ${name} has here`,
        found: `fingerprint ${toHex(header.fingerprint)}`,
        expected: toHex(fingerprint),
        remedy: 'Get the weights it was made with, or the version of neural-codec that wrote it.',
      });
    }
    const { codebooks } = model.parts.quantizer;
    if (
      header.codebooks > codebooks ||
      header.sampleRateHz !== sampleRateHz ||
      header.channels !== channels
    ) {
      throw new CodecError('bad-container', {
        what: `the file does not fit the recipe ${name}`,
        found: `${header.codebooks} codebooks, ${header.sampleRateHz} Hz, ${header.channels} channels`,
        expected: `at most ${codebooks}, ${sampleRateHz} Hz, ${channels}`,
      });
    }
  }

  private signal(blocks: readonly Float32Array[][]): AudioSignal {
    const { sampleRateHz, channels } = this.parts;
    return { kind: 'audio', sampleRateHz, channels: joinBlocks(blocks, channels) };
  }
}
