import { createReadStream, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRecipe } from '../../src/recipe/load.ts';
import { AudioTokenizer, type AudioTokens } from '../../src/tokens/index.ts';
import { chirp, freshFolders, wavBytes } from '../cli/fixtures.ts';
import { speechLike } from '../speech-like.ts';

const plain = (rows: readonly Int32Array[]) => rows.map((row) => Array.from(row));

describe('a tiny codec', () => {
  const folder = freshFolders();

  async function withTokenizer<T>(
    use: (tokenizer: AudioTokenizer) => Promise<T>,
    options: Parameters<typeof AudioTokenizer.load>[1] = { codebooks: 4 },
  ): Promise<T> {
    const tokenizer = await AudioTokenizer.load(path.join(folder(), 'tiny.yaml'), options);
    try {
      return await use(tokenizer);
    } finally {
      await tokenizer.dispose();
    }
  }

  it('gives int32 codes with what is needed to read them', async () => {
    await withTokenizer(async (tokenizer) => {
      const tokens = await tokenizer.encode(chirp(24000));
      expect(tokens).toMatchObject({ frameRateHz: 75, codebookSize: 1024, durationSeconds: 1 });
      expect(tokens.codes).toHaveLength(4);
      for (const row of tokens.codes) {
        expect(row).toBeInstanceOf(Int32Array);
        expect(row).toHaveLength(75);
      }
    });
  });

  it('a file, its bytes, a signal and bare samples are the same', async () => {
    const file = path.join(folder(), 'a.wav');
    // Values that 16 bits keep.
    const samples = chirp(10000).map((x) => Math.round(x * 32767) / 32768);
    writeFileSync(file, wavBytes(samples.map((x) => (x * 32768) / 32767)));
    await withTokenizer(async (tokenizer) => {
      const expected = plain((await tokenizer.encode(file)).codes);
      const signal = { kind: 'audio', sampleRateHz: 24000, channels: [samples] } as const;
      const others: AudioTokens[] = [
        await tokenizer.encode(createReadStream(file)),
        await tokenizer.encode(signal),
        await tokenizer.encode(samples),
        await tokenizer.encode([samples, samples]),
        await tokenizer.encode([samples], { sampleRate: 24000 }),
      ];
      for (const { codes, durationSeconds } of others) {
        expect(plain(codes)).toEqual(expected);
        expect(durationSeconds).toBe(10000 / 24000);
      }
    });
  });

  it('converts rates: the file as the samples, at once as in pieces', async () => {
    const samples = chirp(16000);
    await withTokenizer(async (tokenizer) => {
      const whole = await tokenizer.encode(samples, { sampleRate: 16000 });
      expect(whole.durationSeconds).toBe(1);
      const stream = tokenizer.encodeStream({ sampleRate: 16000 });
      const pieces = [];
      for (let at = 0; at < samples.length; at += 1111)
        pieces.push(await stream.push(samples.subarray(at, at + 1111)));
      pieces.push(await stream.flush());
      expect(plain(joined(pieces))).toEqual(plain(whole.codes));
    });
  });

  it('a batch is what one by one gives', async () => {
    const inputs = [chirp(5000), chirp(24000), chirp(321), speechLike(24000, 0.7)];
    await withTokenizer(async (tokenizer) => {
      const batch = await tokenizer.encodeBatch(inputs);
      for (const [i, input] of inputs.entries()) {
        await withTokenizer(async (other) => expect(batch[i]).toEqual(await other.encode(input)));
      }
    });
  });

  it('a part of a file is what its samples give', async () => {
    const samples = chirp(48000).map((x) => Math.round(x * 32767) / 32768);
    const file = path.join(folder(), 'a.wav');
    writeFileSync(file, wavBytes(samples.map((x) => (x * 32768) / 32767)));
    await withTokenizer(async (tokenizer) => {
      const part = { startSeconds: 0.25, endSeconds: 1.5 };
      const expected = await tokenizer.encode(samples.slice(6000, 36000));
      expect(await tokenizer.encode(file, part)).toEqual(expected);
      expect(await tokenizer.encode(samples, part)).toEqual(expected);
      await expect(tokenizer.encode(file, { startSeconds: 3 })).rejects.toThrow('found 2.000 s of sound');
      await expect(tokenizer.encode(file, { startSeconds: 1, endSeconds: 1 })).rejects.toThrow(
        'found 1 s to 1 s',
      );
    });
  });

  it('streams keep to their delay both ways, and change nothing', async () => {
    const samples = chirp(40000);
    const whole = await withTokenizer(async (tokenizer) => {
      const tokens = await tokenizer.encode(samples);
      return { tokens, sound: await tokenizer.decode(tokens.codes) };
    });
    const options = { codebooks: 4, maxDelaySeconds: 0.12 };
    await withTokenizer(async (tokenizer) => {
      const { encode, decode } = tokenizer.delaySeconds;
      expect(encode).toBeLessThanOrEqual(0.12);
      expect(decode).toBeLessThanOrEqual(0.12);
      const stream = tokenizer.encodeStream();
      const pieces = [];
      let frames = 0;
      for (let at = 0; at < samples.length; at += 500) {
        pieces.push(await stream.push(samples.subarray(at, at + 500)));
        frames += pieces.at(-1)![0]!.length;
        expect(frames).toBeGreaterThanOrEqual(
          Math.floor((Math.min(samples.length, at + 500) - encode * 24000) / 320),
        );
      }
      pieces.push(await stream.flush());
      const codes = joined(pieces);
      expect(plain(codes)).toEqual(plain(whole.tokens.codes));

      const player = tokenizer.decodeStream();
      const heard = [];
      let given = 0;
      for (let t = 0; t < codes[0]!.length; t++) {
        heard.push((await player.push(codes.map((row) => row.slice(t, t + 1))))[0]!);
        given += heard.at(-1)!.length;
        expect(given).toBeGreaterThanOrEqual((t + 1) * 320 - decode * 24000);
      }
      heard.push((await player.flush())[0]!);
      const sound = Float32Array.from(heard.flatMap((part) => [...part]));
      expect(sound.length).toBe(codes[0]!.length * 320);
      const worst = sound.reduce(
        (most, x, t) => Math.max(most, Math.abs(x - whole.sound.channels[0]![t]!)),
        0,
      );
      expect(worst).toBeLessThan(1e-5);
    }, options);
  });

  it('decodes to the length that was encoded, or to whole frames', async () => {
    await withTokenizer(async (tokenizer) => {
      const tokens = await tokenizer.encode(chirp(10001));
      expect((await tokenizer.decode(tokens)).channels[0]).toHaveLength(10001);
      expect((await tokenizer.decode(tokens.codes)).channels[0]).toHaveLength(32 * 320);
      const fewer = await tokenizer.decode(tokens.codes.slice(0, 2));
      expect(fewer.channels[0]).toHaveLength(32 * 320);
    });
  });

  it('says what does not fit', async () => {
    const tiny = path.join(folder(), 'tiny.yaml');
    const load = (options: object) => AudioTokenizer.load(tiny, options);
    await expect(load({ bitrate: 6, codebooks: 3 })).rejects.toThrow('one of them');
    await expect(load({ bitrate: 7 })).rejects.toThrow('found 7 kbps, expected one of 1.5, 3, 6, 12');
    await expect(load({ codebooks: 17 })).rejects.toThrow('found 17, expected 1 to 16');
    await expect(load({ maxDelaySeconds: 0.01 })).rejects.toThrow('expected at least 0.107 s');
    await withTokenizer(async (tokenizer) => {
      await expect(tokenizer.encode(new Float32Array(0))).rejects.toThrow('no samples');
      await expect(tokenizer.encode('absent.wav')).rejects.toMatchObject({ code: 'bad-audio' });
      await expect(tokenizer.decode([])).rejects.toThrow('rows of no codes');
      await expect(tokenizer.decode([new Int32Array(0)])).rejects.toThrow('1 codebooks of 0 frames');
      await expect(tokenizer.decode([Int32Array.of(1, 2), Int32Array.of(1)])).rejects.toThrow('rows of 2, 1');
      await expect(tokenizer.decode([Int32Array.of(1, 1024)])).rejects.toThrow('index 1024');
    });
  });
});

function joined(pieces: readonly Int32Array[][]): Int32Array[] {
  return pieces[0]!.map((_, q) => Int32Array.from(pieces.flatMap((rows) => [...rows[q]!])));
}

describe('frames and time', () => {
  const folder = freshFolders();

  it('without segments', async () => {
    const tokenizer = await AudioTokenizer.load(path.join(folder(), 'tiny.yaml'));
    const { grid } = tokenizer;
    expect(grid.frameRateHz).toBe(75);
    expect(grid.samplesOfFrame(3)).toEqual({ from: 960, to: 1280 });
    for (const t of [0, 1, 74, 1000]) {
      const { from, to } = grid.samplesOfFrame(t);
      expect(grid.frameOfSample(from)).toBe(t);
      expect(grid.frameOfSample(to - 1)).toBe(t);
      expect(grid.frameOfTime(grid.timeOfFrame(t))).toBe(t);
    }
    for (const length of [1, 320, 321, 24000 * 9]) {
      expect(grid.framesFor(length)).toBe((await tokenizer.encode(chirp(length))).codes[0]!.length);
    }
    await tokenizer.dispose();
  });

  it('with overlapping segments, whose loudness comes with the tokens', async () => {
    const file = path.join(folder(), 'segments.yaml');
    writeFileSync(
      file,
      'extends: tiny.yaml\nframing: { type: segments, lengthSeconds: 0.1, overlap: 0.1, normalize: true }\nweights: tiny.safetensors\n',
    );
    expect(loadRecipe(file).framing.type).toBe('segments');
    const tokenizer = await AudioTokenizer.load(file, { codebooks: 2 });
    const { grid } = tokenizer;
    // Segments of 2400 samples begin 2160 samples apart and have 8 frames.
    expect(grid.samplesOfFrame(9)).toEqual({ from: 2160 + 320, to: 2160 + 640 });
    expect(grid.frameOfSample(2399)).toBe(7);
    expect(grid.frameOfSample(2400)).toBe(8);
    const tokens = await tokenizer.encode(chirp(10000));
    expect(grid.framesFor(10000)).toBe(tokens.codes[0]!.length);
    expect(tokens.segments).toHaveLength(5);
    expect((await tokenizer.decode(tokens)).channels[0]).toHaveLength(10000);
    await expect(tokenizer.decode(tokens.codes)).rejects.toThrow('no segments');
    await tokenizer.dispose();
  });
});

describe.each(['mel-24k', 'encodec-24k'])('%s', (recipe) => {
  let tokenizer: AudioTokenizer;
  beforeAll(async () => {
    tokenizer = await AudioTokenizer.load(recipe, { bitrate: 1.5, threads: 1 });
  });
  afterAll(() => tokenizer?.dispose());

  it('tokens of speech and back', async () => {
    const file = path.join(import.meta.dirname, '../../examples/speech.wav');
    expect(existsSync(file)).toBe(true);
    const tokens = await tokenizer.encode(file);
    expect(tokens.codes[0]!.length).toBe(
      tokenizer.grid.framesFor(Math.round(tokens.durationSeconds * 24000)),
    );
    const sound = await tokenizer.decode(tokens);
    expect(sound.channels[0]!.length).toBe(Math.round(tokens.durationSeconds * 24000));
    const energy = (x: Float32Array) => x.reduce((sum, v) => sum + v * v, 0);
    expect(energy(sound.channels[0]!)).toBeGreaterThan(0.1);
  });
});
