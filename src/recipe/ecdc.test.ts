import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEcdcHeader } from '../bitstream/ecdc-header.ts';
import { decodeEcdc, encodeEcdc } from '../codec/ecdc.ts';
import { ecdcDecoderStream, openEcdc } from '../codec/ecdc-decoder.ts';
import { ecdcEncoderStream } from '../codec/ecdc-encoder.ts';
import { EcdcProfile } from '../codec/ecdc-profile.ts';
import { inspectEcdc } from '../codec/inspect.ts';
import { LanguageModel } from '../codec/language-model.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { type AudioSignal, joinBlocks } from '../core/signal.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { codebookName } from '../quantizers/rvq.ts';
import { Codec } from './codec.ts';
import { recipeForEcdc } from './ecdc.ts';
import { freshLanguageModel, freshWeights } from './fresh-weights.ts';
import { loadRecipe } from './load.ts';

const MODEL = 'encodec_24khz';
const HOP = 320;
/** Of the recipe: one signal throughout, or segments with scales. */
const framings = {
  stream: [],
  segments: [
    'framing={type: segments, lengthSeconds: 0.1, overlap: 0.1, normalize: true}',
    ...['encoder', 'decoder'].flatMap((slot) => [`${slot}.causal=false`, `${slot}.norm=time-group`]),
  ],
} as const;
/** Two of the graph's chunks and a bit. */
const LENGTH = 2 * 8 * HOP + 100;

const lmSizes = { codebooks: 4, codebookSize: 1024, dimension: 8, layers: 1, heads: 2, pastFrames: 6 };

/** A codec of random weights, small enough to run hundreds of times. */
async function tinyCodec(framing: keyof typeof framings = 'stream'): Promise<Codec> {
  const sizes = ['encoder', 'decoder'].flatMap((slot) => [`${slot}.nFilters=2`, `${slot}.lstmLayers=1`]);
  const recipe = loadRecipe('encodec-24k', [
    ...sizes,
    'latent.dimension=4',
    'quantizer.codebooks=4',
    'bitrates={kbps: [1.5, 3], default: 3}',
    'chunk.computeFrames=8',
    `ecdc.model=${MODEL}`,
    ...framings[framing],
  ]);
  const rng = new Rng(1);
  const weights = freshWeights(recipe, rng);
  for (let q = 0; q < 4; q++) {
    weights.set(
      codebookName(q),
      float32(
        [1024, 4],
        Float32Array.from({ length: 4096 }, () => rng.normal()),
      ),
    );
  }
  const codec = await Codec.create(recipe, weights);
  const load = async () => {
    const single = await createEngine('onnx', { threads: 1 });
    return new LanguageModel(lmSizes, freshLanguageModel(lmSizes, new Rng(2)), single);
  };
  return new Codec({ ...codec.parts, ecdc: new EcdcProfile(MODEL, load) });
}

const signal: AudioSignal = {
  kind: 'audio',
  sampleRateHz: 24000,
  channels: [Float32Array.from({ length: LENGTH }, (_, t) => 0.5 * Math.sin((t * (200 + t / 50)) / 24000))],
};

/** Decodes bytes that come in pieces; gives the samples there were, and the error if there was one. */
async function heard(codec: Codec, source: Iterable<Uint8Array>, bestEffort = false) {
  const blocks: Float32Array[][] = [];
  try {
    const stream = await ecdcDecoderStream(codec, await openEcdc(source), { bestEffort });
    for await (const block of stream.blocks) blocks.push(block);
    return { samples: joinBlocks(blocks, 1)[0]!, report: stream.report };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { samples: joinBlocks(blocks, 1)[0]!, error };
  }
}

/** Samples from the start that are the same. */
function agreement(a: Float32Array, b: Float32Array): number {
  const at = a.findIndex((sample, t) => sample !== b[t]);
  return at < 0 ? a.length : at;
}

describe.each([
  ['stream', false],
  ['stream', true],
  ['segments', false],
  ['segments', true],
] as const)('.ecdc files, %s, language model: %s', (framing, languageModel) => {
  let codec: Codec;
  let bytes: Uint8Array;
  let decoded: Float32Array;
  beforeAll(async () => {
    codec = await tinyCodec(framing);
    bytes = await encodeEcdc(codec, signal, { languageModel });
    decoded = (await decodeEcdc(codec, bytes)).channels[0]!;
  });
  afterAll(() => codec.dispose());

  it('decode to what the codes of the signal give', async () => {
    const [want] = (await codec.fromCodes(await codec.toCodes(signal))).channels;
    expect(decoded).toEqual(want!.slice(0, LENGTH));
  });

  it('are the same however the samples come, the length known or not', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (sizes, known) => {
        const length = known ? { lengthSamples: LENGTH } : {};
        const stream = await ecdcEncoderStream(codec, { languageModel, ...length });
        const parts: Uint8Array[] = [];
        for (let at = 0, i = 0; at < LENGTH; i++) {
          const to = Math.min(LENGTH, at + sizes[i % sizes.length]!);
          parts.push(await stream.push([signal.channels[0]!.slice(at, to)]));
          at = to;
        }
        // Without the length the header cannot be written, and nothing before it.
        expect(parts.some((part) => part.length > 0)).toBe(known);
        parts.push(await stream.end());
        expect(Buffer.concat(parts).equals(bytes)).toBe(true);
      }),
      { seed: 1, numRuns: 10 },
    );
  });

  it('decode the same however the bytes come', async () => {
    for (const size of [1, 7, 64]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await heard(codec, pieces)).toMatchObject({ samples: decoded, report: { complete: true } });
    }
  });

  it('a length that is not as told is refused', async () => {
    const stream = await ecdcEncoderStream(codec, { languageModel, lengthSamples: LENGTH + 1 });
    await stream.push(signal.channels);
    await expect(stream.end()).rejects.toThrow(/not as long as.*found 5220 samples, expected 5221/);
  });

  it('truncated: an error that says so; with best effort what there is', async () => {
    const cut = bytes.subarray(0, bytes.length - 20);
    const { error } = await heard(codec, [cut]);
    expect(error).toMatchObject({ code: 'bad-container' });
    expect(error!.message).toMatch(/truncated.*--best-effort/);
    const { samples, report } = await heard(codec, [cut], true);
    expect(report!.complete).toBe(false);
    expect(report!.problem!.message).toMatch(/truncated/);
    expect(samples.length).toBeGreaterThan(4 * HOP);
    expect(samples.length).toBeLessThan(LENGTH);
    // The end of what there is was decoded without knowing what follows; all before it is the same.
    expect(agreement(samples, decoded)).toBeGreaterThan(4 * HOP);
  });

  it('with bytes after the end: an error that says so; with best effort all the same', async () => {
    const more = [bytes, Uint8Array.of(0)];
    expect((await heard(codec, more)).error!.message).toMatch(new RegExp(`goes on.*byte ${bytes.length}`));
    const { samples, report } = await heard(codec, more, true);
    expect(agreement(samples, decoded)).toBe(LENGTH);
    expect(report!.complete).toBe(false);
  });

  it('of another model or more codebooks than there are: refused', async () => {
    const header = { model: MODEL, lengthSamples: 100, codebooks: 4, languageModel };
    const other = encodeEcdcHeader({ ...header, model: 'encodec_48khz' });
    expect((await heard(codec, [other])).error!.message).toMatch(/encodec_48khz.*expected encodec_24khz/);
    const wide = encodeEcdcHeader({ ...header, codebooks: 5 });
    expect((await heard(codec, [wide])).error!.message).toMatch(/5 codebooks.*at most 4/);
  });

  it('are looked into without decoding: frames and bytes of codes, and whether they are all there', async () => {
    const { model, framing: cut } = codec.parts;
    const inspect = async (file: Uint8Array) => inspectEcdc(await openEcdc(file), cut, model, 1024);
    const { frames } = await codec.toCodes(signal);
    const found = await inspect(bytes);
    const { feed } = await openEcdc(bytes);
    expect(found).toEqual({ frames, payloadBytes: bytes.length - feed.position });
    const header = { model: MODEL, lengthSamples: Number.MAX_SAFE_INTEGER, codebooks: 4, languageModel };
    const endless = inspect(encodeEcdcHeader(header));
    if (languageModel) expect((await endless).frames).toBeGreaterThan(2 ** 44);
    else await expect(endless).rejects.toThrow(/truncated/);
    if (languageModel) return;
    await expect(inspect(bytes.subarray(0, -1))).rejects.toThrow(/truncated/);
    await expect(inspect(Buffer.concat([bytes, Buffer.of(0)]))).rejects.toThrow(
      new RegExp(`goes on.*byte ${bytes.length}`),
    );
  });

  it('that claim to be endless end with their codes', async () => {
    const header = { model: MODEL, lengthSamples: Number.MAX_SAFE_INTEGER, codebooks: 4, languageModel };
    const before = process.memoryUsage().rss;
    const { error } = await heard(codec, [encodeEcdcHeader(header), new Uint8Array(300)]);
    expect(error).toMatchObject({ code: 'bad-container' });
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  it('mutated in any way: sound or a typed error, soon', async () => {
    const mutation = fc.oneof(
      fc.record({ kind: fc.constant('flip'), at: fc.nat(), to: fc.integer({ min: 1, max: 255 }) }),
      fc.record({ kind: fc.constant('cut'), at: fc.nat(), to: fc.nat() }),
      fc.record({ kind: fc.constant('insert'), at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }),
    );
    const mutated = (mutations: { kind: string; at: number; to: number }[]) => {
      let result = Buffer.from(bytes);
      for (const { kind, at, to } of mutations) {
        const place = at % (result.length + 1);
        if (kind === 'flip' && place < result.length) result[place]! ^= to;
        else if (kind === 'cut') result = Buffer.concat([result.subarray(0, place)]);
        else result = Buffer.concat([result.subarray(0, place), Buffer.of(to % 256), result.subarray(place)]);
      }
      return result;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (all, bestEffort) => {
          const { samples, error, report } = await heard(codec, [mutated(all)], bestEffort);
          expect(error?.code ?? 'bad-container').toBe('bad-container');
          expect(samples.length).toBeLessThan(100 * HOP * 8);
          if (!error) expect(report!.complete || bestEffort).toBe(true);
        },
      ),
      { seed: 1, numRuns: 150 },
    );
  });
});

describe('.ecdc files', () => {
  it('with the language model are smaller than without where the model is right', async () => {
    const codec = await tinyCodec();
    // Silence gives the same codes over and over; a model that has learned one of them says so.
    const lm = freshLanguageModel(lmSizes, new Rng(2));
    const silence = { ...signal, channels: [new Float32Array(24000)] };
    const codes = await codec.toCodes(silence);
    for (let k = 0; k < 4; k++) {
      const bias = new Float32Array(1024);
      bias[codes.indices[(k + 1) * codes.frames - 1]!] = 20;
      lm.set(`linears.${k}.bias`, float32([1024], bias));
    }
    const engine = await createEngine('onnx', { threads: 1 });
    const profile = new EcdcProfile(MODEL, async () => new LanguageModel(lmSizes, lm, engine));
    const taught = new Codec({ ...codec.parts, ecdc: profile });
    const plain = await encodeEcdc(taught, silence);
    const small = await encodeEcdc(taught, silence, { languageModel: true });
    expect(small.length).toBeLessThan(0.5 * plain.length);
    expect(await decodeEcdc(taught, small)).toEqual(await decodeEcdc(taught, plain));
    await taught.dispose();
  });

  it('with the language model of other weights: an error, not noise', async () => {
    const codec = await tinyCodec();
    const bytes = await encodeEcdc(codec, signal, { languageModel: true });
    const engine = await createEngine('onnx', { threads: 1 });
    const other = async () => new LanguageModel(lmSizes, freshLanguageModel(lmSizes, new Rng(3)), engine);
    const foreign = new Codec({ ...codec.parts, ecdc: new EcdcProfile(MODEL, other) });
    await expect(decodeEcdc(foreign, bytes)).rejects.toMatchObject({ code: 'bad-container' });
    await codec.dispose();
  });

  it('need a recipe that names its model, and a language model where one is asked for', async () => {
    const codec = await tinyCodec();
    const { ecdc: _, ...parts } = codec.parts;
    await expect(encodeEcdc(new Codec(parts), signal)).rejects.toThrow(/encodec-24k is none for \.ecdc/);
    const bare = new Codec({ ...parts, ecdc: new EcdcProfile(MODEL) });
    await expect(encodeEcdc(bare, signal, { languageModel: true })).rejects.toThrow(
      /no language model.*ecdc\.languageModel\.weights/,
    );
    await codec.dispose();
  });

  it('find the recipe that is given, or say that there is none for their model', () => {
    const header = { model: 'encodec_12khz', lengthSamples: 1, codebooks: 1, languageModel: false };
    expect(recipeForEcdc(header, 'mine.yaml')).toBe('mine.yaml');
    expect(() => recipeForEcdc(header)).toThrow(/"encodec_12khz".*--recipe/);
  });
});
