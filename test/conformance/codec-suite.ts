import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerChunk } from '../../src/bitstream/container.ts';
import { openContainer } from '../../src/bitstream/container-reader.ts';
import { decodePayload } from '../../src/codec/chunk-payload.ts';
import { concatFrames } from '../../src/core/codes.ts';
import type { AudioSignal } from '../../src/core/signal.ts';
import { entropyCoderNames } from '../../src/entropy/catalogue.ts';
import { Codec } from '../../src/recipe/codec.ts';
import { absentWeights } from './absent.ts';

/** What the suite needs to know of a recipe. */
export interface Subject {
  /** A recipe of the package, or a .yaml file. */
  readonly recipe: string;
  /** A few seconds of sound, at the recipe's rate and channels. */
  readonly sound: (sampleRateHz: number, channels: number) => Promise<AudioSignal>;
}

/** Part of a signal, from its start. */
function head(signal: AudioSignal, length: number): AudioSignal {
  return { ...signal, channels: signal.channels.map((samples) => samples.slice(0, length)) };
}

/** Mean difference in loudness of stretches of 1000 samples, in dB over a floor of -60. */
function loudnessDifference(a: Float32Array, b: Float32Array): number {
  const loudness = (x: Float32Array, at: number) =>
    10 * Math.log10(1e-6 + x.subarray(at, at + 1000).reduce((sum, v) => sum + v * v, 0) / 1000);
  let [sum, count] = [0, 0];
  for (let at = 0; at + 1000 <= a.length; at += 1000, count++)
    sum += Math.abs(loudness(a, at) - loudness(b, at));
  return sum / count;
}

/** What every audio recipe must do. */
export function describeCodec({ recipe, sound }: Subject): void {
  const absent = absentWeights(recipe);
  describe.skipIf(absent)(`conformance of ${recipe}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    let codec: Codec;
    let signal: AudioSignal;
    beforeAll(async () => {
      codec = await Codec.load(recipe);
      signal = await sound(codec.parts.sampleRateHz, codec.parts.channels);
    });
    afterAll(() => codec.dispose());

    it('comes back with its length, channels and rate, at every bitrate', async () => {
      for (const bitrateKbps of codec.parts.bitratesKbps) {
        const bytes = await codec.encode(signal, { bitrateKbps });
        const decoded = await codec.decode(bytes);
        expect(decoded.channels.length).toBe(signal.channels.length);
        expect(decoded.channels[0]!.length).toBe(signal.channels[0]!.length);
        expect(decoded.sampleRateHz).toBe(signal.sampleRateHz);
        expect(decoded.channels.every((samples) => samples.every(Number.isFinite))).toBe(true);
      }
    });

    it('costs at most its nominal bitrate, headers aside', async () => {
      for (const bitrateKbps of codec.parts.bitratesKbps) {
        const codebooks = codec.codebooksFor(bitrateKbps);
        const { frames } = await codec.toCodes(signal, { bitrateKbps });
        const bits = frames * codebooks * Math.log2(codec.parts.model.parts.quantizer.codebookSize);
        const chunks = Math.ceil(frames / codec.parts.framing.framesPerChunk(codec.parts.model));
        const bytes = await codec.encode(signal, { bitrateKbps });
        // A header and an end record, and per chunk a byte of rounding beside its own header.
        expect(bytes.length).toBeLessThanOrEqual(bits / 8 + 50 + 14 * chunks);
      }
    });

    it('gives the same bytes every time, and codes that the bytes carry', async () => {
      const piece = head(signal, 30000);
      const bytes = await codec.encode(piece);
      expect(await codec.encode(piece)).toEqual(bytes);
      const direct = await codec.fromCodes(await codec.toCodes(piece));
      const decoded = await codec.decode(bytes);
      expect(decoded.channels[0]).toEqual(direct.channels[0]!.slice(0, 30000));
    });

    it('codes do not depend on how the samples arrive', async () => {
      const piece = head(signal, 40000);
      const whole = await codec.encode(piece);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 20000 }), { minLength: 1, maxLength: 12 }),
          async (cuts) => {
            const stream = codec.encoderStream();
            const parts: Uint8Array[] = [];
            for (let at = 0, i = 0; at < 40000; i++) {
              const to = Math.min(40000, at + cuts[i % cuts.length]!);
              parts.push(await stream.push(piece.channels.map((samples) => samples.slice(at, to))));
              at = to;
            }
            parts.push(await stream.end());
            expect(Buffer.concat(parts)).toEqual(Buffer.from(whole));
          },
        ),
        { numRuns: 6, seed: 1 },
      );
    });

    it('codes do not depend on the size of the graph', async () => {
      for (const frames of [8, 23]) {
        const other = await Codec.load(recipe, { set: [`chunk.computeFrames=${frames}`] });
        for (const length of [1, 500, 2400, 25000]) {
          const piece = head(signal, length);
          expect((await other.toCodes(piece)).indices).toEqual((await codec.toCodes(piece)).indices);
        }
        await other.dispose();
      }
    });

    it('codes are the same on the other engines and on one thread', async () => {
      const piece = head(signal, 4000);
      const want = (await codec.toCodes(piece)).indices;
      for (const options of [
        { engine: 'tfjs-cpu', set: ['chunk.computeFrames=13'] },
        { engine: 'tfjs-wasm', set: ['chunk.computeFrames=13'] },
        { engine: 'onnx', threads: 1 },
      ]) {
        const other = await Codec.load(recipe, options);
        expect((await other.toCodes(piece)).indices).toEqual(want);
        const decoded = await other.decode(await codec.encode(piece));
        const expected = await codec.decode(await codec.encode(piece));
        const worst = decoded.channels[0]!.reduce(
          (w, v, t) => Math.max(w, Math.abs(v - expected.channels[0]![t]!)),
          0,
        );
        expect(worst).toBeLessThan(1e-4);
        await other.dispose();
      }
    });

    it('every entropy coder carries the same codes to the other engines and to one thread', async () => {
      const piece = head(signal, 4000);
      const codes = await codec.toCodes(piece);
      const { codebookSize } = codec.parts.model.parts.quantizer;
      const others: Codec[] = [];
      for (const options of [
        { engine: 'tfjs-cpu', set: ['chunk.computeFrames=13'] },
        { engine: 'tfjs-wasm', threads: 1, set: ['chunk.computeFrames=13'] },
        { engine: 'tfjs-wasm', threads: 2, set: ['chunk.computeFrames=13'] },
        { engine: 'onnx', threads: 2 },
      ]) {
        others.push(await Codec.load(recipe, options));
      }
      for (const name of entropyCoderNames) {
        const bytes = await codec.encode(piece, { entropy: name });
        const chunks: ContainerChunk[] = [];
        for await (const chunk of (await openContainer(bytes)).chunks()) chunks.push(chunk);
        for (const each of [codec, ...others]) {
          const read = chunks.map((chunk) =>
            decodePayload(
              chunk,
              { codebooks: codes.codebooks, codebookSize },
              each.parts.framing.segmented,
              each.parts.entropy,
            ),
          );
          expect(concatFrames(read, codes).indices).toEqual(codes.indices);
        }
      }
      for (const other of others) await other.dispose();
    });

    it('damage is detected, and with best effort the intact chunks decode and the rest is silence', async () => {
      const small = await Codec.load(recipe, { set: ['chunk.fileFrames=16'] });
      const bytes = await small.encode(signal);
      const { hopLength, parts } = small.parts.model;
      const clean = await small.decode(bytes);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 60, max: bytes.length - 1 }),
          fc.integer({ min: 0, max: 7 }),
          async (at, bit) => {
            const damaged = Uint8Array.from(bytes);
            damaged[at]! ^= 1 << bit;
            await expect(small.decode(damaged)).rejects.toMatchObject({ code: 'bad-container' });
            const decoded = await small.decode(damaged, { bestEffort: true });
            const length = decoded.channels[0]!.length;
            // Only the length can be lost, with the end record; then it is that of whole frames.
            expect(Math.abs(length - clean.channels[0]!.length)).toBeLessThanOrEqual(16 * hopLength);
            // The first chunk is past suspicion unless it is the one hit.
            const chunkBytes = Math.floor(
              bytes.length / Math.ceil(clean.channels[0]!.length / hopLength / 16),
            );
            if (at > 2 * chunkBytes) {
              const first = 15 * hopLength - parts.delaySamples;
              const [heard, want] = [decoded, clean].map((s) => s.channels[0]!.slice(0, first));
              // A decoder that looks ahead may find other phases when what it looked at is lost: as loud at any time.
              if (parts.delaySamples === 0) expect(heard).toEqual(want);
              else expect(loudnessDifference(heard!, want!)).toBeLessThan(1);
            }
          },
        ),
        { numRuns: 12, seed: 2 },
      );
      for (const length of [0, 3, 20, Math.floor(bytes.length / 2), bytes.length - 1]) {
        await expect(small.decode(bytes.slice(0, length))).rejects.toMatchObject({ code: 'bad-container' });
      }
      await small.dispose();
    });

    it('refuses sound it cannot take', async () => {
      const [first] = signal.channels;
      const bad = (channels: Float32Array[], sampleRateHz = signal.sampleRateHz) =>
        expect(codec.encode({ kind: 'audio', sampleRateHz, channels })).rejects.toMatchObject({
          code: 'bad-audio',
        });
      await bad([]);
      await bad(signal.channels.map(() => new Float32Array(0)));
      await bad(signal.channels.map(() => Float32Array.of(0, Number.NaN, 0)));
      await bad([...signal.channels, first!]);
      await bad([...signal.channels], 8000);
      await expect(codec.encode(signal, { bitrateKbps: 1e6 })).rejects.toMatchObject({
        code: 'bad-argument',
      });
    });
  });
}
