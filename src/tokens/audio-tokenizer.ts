import { concatFrames } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { type AudioSignal, assertValidAudio } from '../core/signal.ts';
import { openAudio } from '../media/audio-file.ts';
import type { ByteSource } from '../media/byte-reader.ts';
import { Codec, type LoadOptions } from '../recipe/codec.ts';
import { loadRecipe } from '../recipe/load.ts';
import { buildStages } from '../recipe/stages.ts';
import { type AudioTokens, codesOfRows, rowsOfCodes } from './audio-tokens.ts';
import { cutBlocks } from './cut-blocks.ts';
import { FrameGrid } from './frame-grid.ts';
import { type Samples, TokenDecodeStream, TokenEncodeStream } from './token-streams.ts';

export interface TokenizerOptions extends LoadOptions {
  /** Nominal kbps, one of the recipe's; its default if nothing is said. */
  readonly bitrate?: number;
  /** Codebooks, instead of a bitrate. */
  readonly codebooks?: number;
  /** Bound on how late streams are, in seconds: less is slower. Codes do not depend on it. */
  readonly maxDelaySeconds?: number;
}

export interface EncodeTokensOptions {
  /** Of bare samples, in Hz; the codec's own if not said. Signals and files know theirs. */
  readonly sampleRate?: number;
  /** Of a file: the part of it to encode. */
  readonly startSeconds?: number;
  readonly endSeconds?: number;
}

/** A signal, bare samples (one channel, or several), the path of anything ffmpeg reads, or a stream of a file's bytes. */
export type TokenizerInput = AudioSignal | Samples | ByteSource;

/** Sound to discrete tokens, and back. */
export class AudioTokenizer {
  readonly codec: Codec;
  /** Codebooks that `encode` uses; `decode` takes any number of the recipe's. */
  readonly codebooks: number;
  /** Where frames lie in time. */
  readonly grid: FrameGrid;

  private constructor(codec: Codec, codebooks: number) {
    this.codec = codec;
    this.codebooks = codebooks;
    this.grid = new FrameGrid(codec);
  }

  /**
   * Loads a recipe with its weights.
   * @param recipe a name of `codec recipes`, or the path of a .yaml file
   * @throws `bad-recipe`, `bad-weights`, `bad-argument`, `missing-tool`
   */
  static async load(recipe: string, options: TokenizerOptions = {}): Promise<AudioTokenizer> {
    const { bitrate, codebooks, maxDelaySeconds, set = [], ...rest } = options;
    if (bitrate !== undefined && codebooks !== undefined) {
      throw new CodecError('bad-argument', {
        what: 'cannot choose both a bitrate and a number of codebooks',
        found: `${bitrate} kbps and ${codebooks} codebooks`,
        expected: 'one of them',
      });
    }
    const bound = maxDelaySeconds === undefined ? [] : [computeFrames(recipe, set, maxDelaySeconds)];
    const codec = await Codec.load(recipe, { ...rest, set: [...set, ...bound] });
    try {
      return new AudioTokenizer(
        codec,
        codebooks === undefined ? codec.codebooksFor(bitrate) : checked(codec, codebooks),
      );
    } catch (error) {
      await codec.dispose();
      throw error;
    }
  }

  get frameRateHz(): number {
    return this.codec.frameRateHz;
  }

  /** Entries of each codebook: codes are below it. */
  get codebookSize(): number {
    return this.codec.parts.model.parts.quantizer.codebookSize;
  }

  get sampleRateHz(): number {
    return this.codec.parts.sampleRateHz;
  }

  get channels(): number {
    return this.codec.parts.channels;
  }

  /**
   * How late streams are at most, in seconds: after that much more sound a sample's frame has been given, and after that many
   * more frames a frame's samples have.
   */
  get delaySeconds(): { readonly encode: number; readonly decode: number } {
    const { model, framing, sampleRateHz } = this.codec.parts;
    const { computeFrames, delaySamples } = model.parts;
    const samples = framing.layout?.lengthSamples ?? computeFrames * model.hopLength + 1;
    return { encode: samples / sampleRateHz, decode: (samples + delaySamples) / sampleRateHz };
  }

  /**
   * Sound to tokens. Rate and channels are converted to the codec's.
   * @throws `bad-audio` (unreadable, empty, not finite), `bad-argument`, `missing-tool`
   */
  async encode(audio: TokenizerInput, options: EncodeTokensOptions = {}): Promise<AudioTokens> {
    const { sampleRateHz, channels } = this.codec.parts;
    if (isSound(audio)) {
      const signal = 'kind' in audio ? audio : bareSignal(audio, options.sampleRate ?? sampleRateHz);
      assertValidAudio(signal, 'cannot encode this audio');
      const blocks = (async function* () {
        yield signal.channels;
      })();
      const cut = cutBlocks(blocks, { ...options, sampleRateHz: signal.sampleRateHz, name: 'this audio' });
      return this.encodeBlocks(cut, signal.sampleRateHz);
    }
    const stream = await openAudio(audio, { sampleRateHz, channels });
    try {
      const name = typeof audio === 'string' ? audio : 'the input stream';
      return await this.encodeBlocks(
        cutBlocks(stream.blocks(), { ...options, sampleRateHz, name }),
        sampleRateHz,
      );
    } finally {
      await stream.close();
    }
  }

  /** Many at once, in their order; each as if encoded alone. Errors as for `encode`: the first one ends it. */
  async encodeBatch(
    audio: readonly TokenizerInput[],
    options: EncodeTokensOptions = {},
  ): Promise<AudioTokens[]> {
    const tokens: AudioTokens[] = [];
    // One after another: each run of the graph uses all threads already.
    for (const each of audio) tokens.push(await this.encode(each, options));
    return tokens;
  }

  /**
   * Tokens to sound: of `durationSeconds` where that is given, else of all frames.
   * @throws `bad-argument` for codes that do not fit the codec, or none
   */
  async decode(tokens: AudioTokens | readonly Int32Array[]): Promise<AudioSignal> {
    const { codes, durationSeconds, segments } = isTokens(tokens)
      ? tokens
      : { codes: tokens, durationSeconds: undefined, segments: undefined };
    const { sampleRateHz, model } = this.codec.parts;
    const fitting = codesOfRows(codes, this.codebookSize, segments);
    if (fitting.frames === 0 || fitting.codebooks > model.parts.quantizer.codebooks) {
      throw new CodecError('bad-argument', {
        what: 'cannot decode these codes',
        found: `${fitting.codebooks} codebooks of ${fitting.frames} frames`,
        expected: `1 to ${model.parts.quantizer.codebooks} codebooks of at least one frame`,
      });
    }
    const whole = await this.codec.fromCodes(fitting);
    if (durationSeconds === undefined) return whole;
    const length = Math.round(durationSeconds * sampleRateHz);
    return { ...whole, channels: whole.channels.map((samples) => samples.slice(0, length)) };
  }

  /** For sound that arrives bit by bit: `push` samples, get codes, `flush`. */
  encodeStream({ sampleRate = this.sampleRateHz }: { readonly sampleRate?: number } = {}): TokenEncodeStream {
    return new TokenEncodeStream(this.codec, this.codebooks, sampleRate);
  }

  /** For codes that arrive bit by bit, e.g. from a language model: `push` codes, get samples, `flush`. */
  decodeStream(codebooks = this.codebooks): TokenDecodeStream {
    return new TokenDecodeStream(this.codec, checked(this.codec, codebooks));
  }

  async dispose(): Promise<void> {
    await this.codec.dispose();
  }

  private async encodeBlocks(
    blocks: AsyncIterable<readonly Float32Array[]>,
    sampleRateHz: number,
  ): Promise<AudioTokens> {
    const stream = new TokenEncodeStream(this.codec, this.codebooks, sampleRateHz);
    const parts = [];
    for await (const block of blocks) parts.push(...(await stream.pushBlocks(block)));
    parts.push(...(await stream.flushBlocks()));
    const codes = concatFrames(parts, { codebooks: this.codebooks, codebookSize: this.codebookSize });
    return {
      codes: rowsOfCodes(codes),
      frameRateHz: this.frameRateHz,
      codebookSize: this.codebookSize,
      durationSeconds: stream.lengthSamples / this.sampleRateHz,
      ...(codes.segments && { segments: codes.segments }),
    };
  }
}

function isSound(audio: TokenizerInput): audio is AudioSignal | Samples {
  return (
    audio instanceof Float32Array || Array.isArray(audio) || (typeof audio === 'object' && 'kind' in audio)
  );
}

function isTokens(tokens: AudioTokens | readonly Int32Array[]): tokens is AudioTokens {
  return 'codes' in tokens;
}

function bareSignal(samples: Samples, sampleRateHz: number): AudioSignal {
  return { kind: 'audio', sampleRateHz, channels: samples instanceof Float32Array ? [samples] : samples };
}

function checked({ parts: { name, model } }: Codec, codebooks: number): number {
  const most = model.parts.quantizer.codebooks;
  if (Number.isSafeInteger(codebooks) && codebooks >= 1 && codebooks <= most) return codebooks;
  throw new CodecError('bad-argument', {
    what: `the recipe ${name} has no such number of codebooks`,
    found: `${codebooks}`,
    expected: `1 to ${most}`,
  });
}

/** The setting that keeps streams within a delay. */
function computeFrames(name: string, set: readonly string[], maxDelaySeconds: number): string {
  const recipe = loadRecipe(name, set);
  const { encoder, delaySamples } = buildStages(recipe);
  const { sampleRateHz } = recipe.signal;
  const frames = Math.floor((maxDelaySeconds * sampleRateHz - delaySamples - 1) / encoder.hopLength);
  const fixed = recipe.framing.type === 'segments';
  if (!fixed && frames >= LEAST_FRAMES)
    return `chunk.computeFrames=${Math.min(frames, recipe.chunk.computeFrames)}`;
  const least = (LEAST_FRAMES * encoder.hopLength + delaySamples + 1) / sampleRateHz;
  throw new CodecError('bad-argument', {
    what: `${recipe.name} cannot keep to this delay`,
    found: `${maxDelaySeconds} s`,
    expected: fixed ? 'none: its segments have one length' : `at least ${least.toFixed(3)} s`,
  });
}

/** Of a run of a graph, in a recipe. */
const LEAST_FRAMES = 8;
