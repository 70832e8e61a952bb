import { copyFileSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAudio } from '../../src/media/audio-file.ts';
import { root } from './build.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { chirp, freshFolders, namesIn, wavBytes, withTiny } from './fixtures.ts';

const folder = freshFolders();
const inFolder = (name: string) => path.join(folder(), name);
const tiny = ['--recipe', 'tiny.yaml'];

const KEYS = [
  'input',
  'output',
  'recipe',
  'bytes',
  'durationSeconds',
  'kbps',
  'wallSeconds',
  'realtimeFactor',
  'peakRssBytes',
];

describe('codec encode and decode', () => {
  it('the default recipe, with default output names and all keys of --json', async () => {
    copyFileSync(path.join(root, 'examples/speech.wav'), inFolder('speech.wav'));
    const encoded = jsonOf(await codec(folder(), 'encode', 'speech.wav', '--json'));
    expect(Object.keys(encoded)).toEqual(KEYS);
    expect(encoded).toMatchObject({
      input: 'speech.wav',
      output: 'speech.codec',
      recipe: 'mel-24k',
      bytes: statSync(inFolder('speech.codec')).size,
      durationSeconds: 5,
    });
    const { bytes, kbps, wallSeconds, realtimeFactor, peakRssBytes } = encoded as Record<string, number>;
    expect(kbps).toBeCloseTo((bytes! * 8) / 5 / 1000, 9);
    expect(kbps).toBeLessThan(6.2);
    expect(realtimeFactor).toBeCloseTo(5 / wallSeconds!, 9);
    expect(peakRssBytes).toBeGreaterThan(50e6);

    const decoded = jsonOf(await codec(folder(), 'decode', 'speech.codec', '-o', 'out.wav', '--json'));
    expect(Object.keys(decoded)).toEqual(KEYS);
    expect(decoded).toMatchObject({
      input: 'speech.codec',
      output: 'out.wav',
      recipe: 'mel-24k',
      bytes,
      durationSeconds: 5,
    });
    const sound = await readAudio(inFolder('out.wav'));
    expect(sound).toMatchObject({ sampleRateHz: 24000 });
    expect(sound.channels.map((samples) => samples.length)).toEqual([120000]);
    expect(Math.max(...sound.channels[0]!)).toBeGreaterThan(0.01);
  });

  it.each([
    { what: '24 kHz mono', length: 12345, sampleRateHz: 24000, channels: 1 },
    { what: '44.1 kHz stereo', length: 22222, sampleRateHz: 44100, channels: 2 },
    { what: 'one sample', length: 1, sampleRateHz: 24000, channels: 1 },
    { what: 'long enough for a progress bar', length: 600001, sampleRateHz: 24000, channels: 1 },
  ])('the decoded length is that of the input in 24 kHz samples: $what', async (input) => {
    const { length, channels, sampleRateHz } = input;
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(length * channels), input));
    const wanted = Math.round((length * 24000) / sampleRateHz);
    const encoded = jsonOf(await codec(folder(), 'encode', 'in.wav', ...tiny, '--json'));
    expect(encoded).toMatchObject({ recipe: 'tiny', durationSeconds: wanted / 24000 });
    const decoded = await withTiny(folder(), (codec) => codec.decode(readFileSync(inFolder('in.codec'))));
    expect(decoded.channels.map((samples) => samples.length)).toEqual([wanted]);
  });

  it('the input is never its own output, not with --force either', async () => {
    const wav = wavBytes(chirp(2400));
    writeFileSync(inFolder('in.wav'), wav);
    symlinkSync('in.wav', inFolder('link.wav'));
    for (const output of ['in.wav', './in.wav', 'link.wav']) {
      const encode = ['encode', 'in.wav', '-o', output, '--force', ...tiny];
      expect(failureOf(await codec(folder(), ...encode))).toMatch(/the input itself/);
    }
    expect(readFileSync(inFolder('in.wav'))).toEqual(wav);
    jsonOf(await codec(folder(), 'encode', 'in.wav', ...tiny, '--json'));
    const coded = readFileSync(inFolder('in.codec'));
    const decode = ['decode', 'in.codec', '-o', 'in.codec', '--force', ...tiny];
    expect(failureOf(await codec(folder(), ...decode))).toMatch(/the input itself/);
    expect(readFileSync(inFolder('in.codec'))).toEqual(coded);
  });

  it('--bitrate sets the size; one that the recipe lacks is refused with those it has', async () => {
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(24000)));
    const encode = (kbps: number) =>
      codec(
        folder(),
        'encode',
        'in.wav',
        '-o',
        `${kbps}.codec`,
        '--bitrate',
        String(kbps),
        ...tiny,
        '--json',
      );
    const rates = [1.5, 12];
    for (const rate of rates) {
      const { kbps } = jsonOf(await encode(rate)) as { kbps: number };
      // A second of sound leaves headers and checksums up to 0.6 kbps.
      expect(kbps).toBeGreaterThan(rate);
      expect(kbps).toBeLessThan(rate + 0.6);
    }
    expect(failureOf(await encode(7))).toMatch(/7 kbps.*1\.5, 3, 6, 12/);
    expect(namesIn(folder())).not.toContain('7.codec');
  });

  it('--set changes the recipe, and the file decodes without it', async () => {
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(24000)));
    const encode = [
      'encode',
      'in.wav',
      ...tiny,
      '--set',
      'chunk.fileFrames=16',
      '--set',
      'bitrates.default=3',
    ];
    jsonOf(await codec(folder(), ...encode, '--json'));
    expect(jsonOf(await codec(folder(), 'info', 'in.codec', ...tiny, '--json'))).toMatchObject({
      chunks: 5,
      frames: 75,
      codebooks: 4,
      nominalKbps: 3,
    });
    const decode = ['decode', 'in.codec', '-o', 'out.wav', ...tiny, '--json'];
    expect(jsonOf(await codec(folder(), ...decode))).toMatchObject({ durationSeconds: 1 });
  });

  it('--entropy chooses the coder, and the file decodes without it', async () => {
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(12000)));
    const decoded: Buffer[] = [];
    for (const entropy of ['none', 'mix']) {
      const encode = ['encode', 'in.wav', '-o', `${entropy}.codec`, ...tiny, '--entropy', entropy, '--json'];
      jsonOf(await codec(folder(), ...encode));
      const info = jsonOf(await codec(folder(), 'info', `${entropy}.codec`, ...tiny, '--json'));
      const bits = (info.codebookBits as number[]).reduce((sum, b) => sum + b, 0);
      expect(info.entropy).toEqual([entropy]);
      expect(Math.abs(bits - Number(info.codesKbps) * 1000 * Number(info.durationSeconds))).toBeLessThan(40);
      const decode = ['decode', `${entropy}.codec`, '-o', `${entropy}.wav`, ...tiny, '--json'];
      jsonOf(await codec(folder(), ...decode));
      decoded.push(readFileSync(inFolder(`${entropy}.wav`)));
    }
    expect(decoded[1]).toEqual(decoded[0]);
    const failed = await codec(folder(), 'encode', 'in.wav', '-o', 'in.ecdc', ...tiny, '--entropy', 'mix');
    expect(failureOf(failed, 2)).toMatch(/--entropy is for \.codec/);
  });

  it('an output that exists is kept unless --force says otherwise', async () => {
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(2400)));
    writeFileSync(inFolder('in.codec'), 'precious');
    expect(failureOf(await codec(folder(), 'encode', 'in.wav', ...tiny))).toMatch(/in\.codec.*--force/);
    expect(readFileSync(inFolder('in.codec'), 'utf8')).toBe('precious');
    jsonOf(await codec(folder(), 'encode', 'in.wav', ...tiny, '--force', '--json'));
    expect(failureOf(await codec(folder(), 'decode', 'in.codec', ...tiny))).toMatch(/in\.wav.*--force/);
    expect(readFileSync(inFolder('in.wav'))).toEqual(wavBytes(chirp(2400)));
    jsonOf(await codec(folder(), 'decode', 'in.codec', ...tiny, '--force', '--json'));
    expect(namesIn(folder())).toEqual(['in.codec', 'in.wav', 'tiny.safetensors', 'tiny.yaml']);
  });

  it('the second engine and one thread write the same file; a line for people, none with --quiet', async () => {
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(4800)));
    const encode = (name: string, ...args: string[]) =>
      codec(folder(), 'encode', 'in.wav', '-o', name, ...tiny, ...args);
    const plain = await encode('a.codec', '--threads', '1', '--device', 'cpu');
    expect(plain).toMatchObject({ status: 0, stderr: '' });
    expect(plain.stdout.toString()).toMatch(/^a\.codec: 0\.20 s, \d+ bytes, .* kbps, .*\n$/);
    const quiet = await encode('b.codec', '--engine', 'tfjs-cpu', '--quiet');
    expect(quiet).toMatchObject({ status: 0, stderr: '' });
    expect(quiet.stdout.toString()).toBe('');
    expect(readFileSync(inFolder('b.codec'))).toEqual(readFileSync(inFolder('a.codec')));
  });
});
