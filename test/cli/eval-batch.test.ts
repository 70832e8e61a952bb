import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../eval/index.ts';
import { writeImage } from '../../src/index.ts';
import { codec, failureOf, start } from './command.ts';
import { chirp, freshFolders, picture, wavBytes } from './fixtures.ts';

const folder = freshFolders();
const here = (...parts: string[]) => path.join(folder(), ...parts);
const noFfmpeg = spawnSync('ffmpeg', ['-version']).error ? ' (skipped: no ffmpeg in the PATH)' : '';

const rowsOf = (output: string): Row[] =>
  readFileSync(here(output, 'results.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Runs with another PATH, which the command inherits. */
async function withPath<T>(value: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.PATH;
  process.env.PATH = value;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

describe('codec eval: inputs', { timeout: 180_000 }, () => {
  it('files, folders and manifests of JSON lines and of CSV at once', async () => {
    for (const [i, name] of ['one', 'two', 'three', 'four', 'five'].entries())
      await writeImage(here(`${name}.png`), picture(40, 30, i));
    mkdirSync(here('photos/deep'), { recursive: true });
    await writeImage(here('photos/b.png'), picture(40, 30, 6));
    await writeImage(here('photos/deep/a.png'), picture(40, 30, 7));
    writeFileSync(here('photos/notes.txt'), 'no picture');
    mkdirSync(here('lists'));
    writeFileSync(
      here('lists/a.jsonl'),
      '{"path": "../two.png", "id": "second"}\n\n{"path": "../three.png"}\n',
    );
    // As spreadsheets write it: byte order mark, CRLF, quoted cells, columns of no concern here.
    writeFileSync(
      here('lists/b.csv'),
      '\uFEFFspeaker,path,id\r\n"Doe, ""J""",../four.png,fourth\r\n,"../five.png",\r\n',
    );
    const { status, stderr } = await codec(
      folder(),
      ...['eval', 'one.png', 'photos', 'lists/a.jsonl', 'lists/b.csv'],
      ...['--baselines', 'jpeg@30', '--metrics', 'psnr', '-o', 'out'],
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(rowsOf('out').map((row) => row.item)).toEqual([
      ...['one.png', 'b.png', 'deep/a.png', 'second', '../three.png', 'fourth', '../five.png'],
    ]);
  });

  it('says what is wrong with them', async () => {
    mkdirSync(here('empty'));
    writeFileSync(here('a.jsonl'), '{"path": "a.png"}\n{"file": "b.png"}\n');
    writeFileSync(here('b.jsonl'), 'a.png\n');
    writeFileSync(here('c.csv'), 'file\na.png\n');
    const fails = async (input: string) =>
      failureOf(await codec(folder(), 'eval', input, '--baselines', 'jpeg@10', '-o', 'out'));
    expect(await fails('none.png')).toMatch(/cannot evaluate none.png: found no such file or folder/);
    expect(await fails('empty')).toMatch(/cannot evaluate empty: found a folder without sound, pictures/);
    expect(await fails('a.jsonl')).toMatch(/line 2 of a.jsonl: found no "path"/);
    expect(await fails('b.jsonl')).toMatch(/line 1 of b.jsonl: found not a JSON object/);
    expect(await fails('c.csv')).toMatch(/line 2 of c.csv: found no "path"/);
  });
});

describe('codec eval: recipes that are fitted to each signal', { timeout: 180_000 }, () => {
  it('within a rate', async () => {
    await writeImage(here('a.png'), picture(48, 40, 1));
    const system = 'inr-image@bpp=4:fit.presets.fast.steps=6';
    const { stderr } = await codec(
      folder(),
      ...['eval', 'a.png', '--recipes', system, '--metrics', 'psnr', '-o', 'out'],
    );
    expect(stderr).toBe('');
    const [row] = rowsOf('out');
    expect(row).toMatchObject({ system, failures: {} });
    expect(row!.bitsPerPixel).toBeLessThanOrEqual(4);
  });

  it('at a quality, with settings and presets of their own', async () => {
    await writeImage(here('a.png'), picture(24, 20, 1));
    const short = 'inr-image@quality=60:fit.presets.fast.steps=3';
    const { status, stderr } = await codec(
      folder(),
      ...['eval', 'a.png', '--recipes', short, '--metrics', 'psnr', '-o', 'out'],
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const [row] = rowsOf('out');
    expect(row).toMatchObject({ system: short, failures: {}, metrics: { psnr: expect.any(Number) } });
    expect(row!.nominalKbps).toBeUndefined();
    expect(row!.bitsPerPixel).toBeCloseTo((8 * row!.bytes) / (24 * 20), 6);
    expect(row!.payloadBytes).toBeLessThan(row!.bytes);

    const fails = async (word: string) =>
      failureOf(await codec(folder(), 'eval', 'a.png', '--recipes', word, '-o', 'no'));
    expect(await fails('inr-image@quality=0')).toMatch(/found 0, expected a quality from 1 to 100/);
    expect(await fails('inr-image@bitrate=6')).toMatch(/found image, expected audio or video/);
    expect(await fails('inr-image@bpp=-1')).toMatch(/found -1, expected bits per unit above 0/);
    expect(await fails('inr-image@preset=swift')).toMatch(/found preset swift, expected fast, medium, slow/);
  });
});

describe('codec eval: what goes wrong in a row', { timeout: 180_000 }, () => {
  it('each metric that refuses an item says why, and the other rows go on', async () => {
    writeFileSync(here('good.wav'), wavBytes(chirp(48000)));
    writeFileSync(here('silent.wav'), wavBytes(new Float32Array(48000)));
    writeFileSync(here('short.wav'), wavBytes(chirp(2400)));
    writeFileSync(here('narrow.wav'), wavBytes(chirp(16000), { sampleRateHz: 8000 }));
    writeFileSync(here('torn.wav'), wavBytes(chirp(2400)).subarray(0, 30));
    const { stdout, stderr } = await codec(
      folder(),
      ...['eval', 'good.wav', 'silent.wav', 'short.wav', 'narrow.wav', 'torn.wav', '--json', '-o', 'out'],
      ...['--recipes', 'tiny.yaml@bitrate=3', '--metrics', 'pesq-wb,pesq-nb,si-sdr', '--jobs', '2'],
    );
    expect(JSON.parse(stdout.toString())).toMatchObject({ rows: 5, failed: 1 });
    const [good, silent, short, narrow, torn] = rowsOf('out');
    expect(good).toMatchObject({ item: 'good.wav', failures: {}, nominalKbps: 3 });
    expect(Object.keys(good!.metrics)).toEqual(['pesq-wb', 'pesq-nb', 'si-sdr']);
    expect(silent!.failures).toMatchObject({
      'pesq-wb': { code: 'bad-audio', message: expect.stringContaining('only zeros') },
      'si-sdr': { code: 'bad-audio' },
    });
    expect(short!.failures['pesq-nb']).toMatchObject({ code: 'bad-audio' });
    expect(narrow).toMatchObject({
      metrics: { 'si-sdr': expect.any(Number) },
      failures: {
        'pesq-wb': { code: 'bad-audio', message: expect.stringMatching(/8000 Hz.*at least 16000/) },
      },
    });
    expect(torn).toMatchObject({ metrics: {}, error: { code: 'bad-audio' } });
    expect(stderr).toMatch(/^codec: silent.wav with tiny.yaml@bitrate=3: /m);
    expect(stderr).toMatch(/^codec: torn.wav with tiny.yaml@bitrate=3: cannot read .*torn.wav/m);
    // Payload: the file without header and checksums, so less than the file, and most of it.
    expect(good!.payloadKbps! / good!.bitrateKbps!).toBeGreaterThan(0.8);
    expect(good!.payloadBytes).toBeLessThan(good!.bytes);
  });

  it.skipIf(process.platform !== 'linux')(
    'a worker that is killed costs its row, which --resume makes again',
    async () => {
      await writeImage(here('one.png'), picture(40, 30, 1));
      await writeImage(here('two.png'), picture(40, 30, 2));
      const args = ['eval', 'one.png', 'two.png', '--baselines', 'jpeg@30', '--metrics', 'psnr', '-o', 'out'];
      const { child, outcome } = await start(folder(), ...args, '--json');
      const worker = await firstChildOf(child.pid!);
      process.kill(worker, 'SIGKILL');
      const { status, stdout } = await outcome;
      expect(status).toBe(0);
      expect(JSON.parse(stdout.toString())).toMatchObject({ rows: 2, failed: 1 });
      const [first, second] = rowsOf('out');
      expect(first).toMatchObject({
        item: 'one.png',
        metrics: {},
        error: { code: 'unexpected', message: 'the worker process died: SIGKILL' },
      });
      expect(second!.metrics.psnr).toBeGreaterThan(10);

      const again = await codec(folder(), ...args, '--resume', '--json');
      expect(JSON.parse(again.stdout.toString())).toMatchObject({ rows: 2, failed: 0 });
      expect(rowsOf('out')[0]!.metrics.psnr).toBeGreaterThan(10);
      expect(rowsOf('out')[1]).toEqual(second);
    },
  );
});

describe('codec eval: baselines that are not here', { timeout: 180_000 }, () => {
  it('without ffmpeg the others run, and a note says what did not', async () => {
    mkdirSync(here('bin'));
    await writeImage(here('a.png'), picture(40, 30));
    writeFileSync(here('a.wav'), wavBytes(chirp(12000)));
    const outcome = await withPath(here('bin'), () =>
      codec(
        folder(),
        ...[
          'eval',
          'a.png',
          'a.wav',
          '--baselines',
          'jxl@4,jpeg@30,opus@12',
          '--recipes',
          'tiny.yaml@bitrate=3',
        ],
        ...['--metrics', 'psnr,snr', '--anchor', 'jxl', '--json', '-o', 'out'],
      ),
    );
    expect(outcome.stderr).toBe('');
    expect(JSON.parse(outcome.stdout.toString())).toMatchObject({
      ...{ rows: 2, failed: 0 },
      notes: [
        'jxl@4 skipped: no ffmpeg in the PATH',
        'opus@12 skipped: no ffmpeg in the PATH',
        'the anchor jxl cannot run here: compared with the first that can',
      ],
    });
    expect(readFileSync(here('out/report.html'), 'utf8')).toContain('jxl@4 skipped: no ffmpeg in the PATH');
  });

  it.skipIf(noFfmpeg)(`an ffmpeg without an encoder${noFfmpeg}`, async () => {
    const real = spawnSync('sh', ['-c', 'command -v ffmpeg'], { encoding: 'utf8' }).stdout.trim();
    mkdirSync(here('bin'));
    const script = `#!/bin/sh\ncase "$*" in *-encoders*) ${real} "$@" | grep -v libopus;; *) exec ${real} "$@";; esac\n`;
    writeFileSync(here('bin/ffmpeg'), script);
    chmodSync(here('bin/ffmpeg'), 0o755);
    writeFileSync(here('a.wav'), wavBytes(chirp(12000)));
    const { stdout, stderr } = await withPath(`${here('bin')}:${process.env.PATH}`, () =>
      codec(folder(), 'eval', 'a.wav', '--baselines', 'opus@12,aac@32', '--metrics', 'snr', '-o', 'out'),
    );
    expect(stderr).toBe('codec: opus@12 skipped: this ffmpeg has no libopus\n');
    expect(stdout.toString()).toMatch(/^\| aac@32 +\| +1 \|/m);
    expect(stdout.toString()).toMatch(/^1 rows, 0 failed/m);
    const [row] = rowsOf('out');
    expect(row!.payloadKbps).toBeLessThan(row!.bitrateKbps!);
  });

  it.skipIf(noFfmpeg)(`video is coded, measured frame by frame and shown${noFfmpeg}`, async () => {
    clip('clip.mkv', 6);
    writeFileSync(here('torn.mkv'), readFileSync(here('clip.mkv')).subarray(0, 2000));
    const systems =
      'x264@20:preset=ultrafast,x264@40:preset=ultrafast,x265@30:preset=ultrafast,svtav1@50:preset=12';
    const { stdout, stderr } = await codec(
      folder(),
      ...['eval', 'clip.mkv', 'torn.mkv', '--baselines', systems, '--metrics', 'psnr,ssim,ms-ssim'],
      ...['--json', '-o', 'out'],
    );
    const { rows: count, failed, notes } = JSON.parse(stdout.toString());
    const rows = rowsOf('out').filter((row) => row.item === 'clip.mkv');
    // Encoders that this ffmpeg lacks are notes.
    expect(rows.length + notes.length).toBe(4);
    expect({ count, failed }).toEqual({ count: 2 * rows.length, failed: rows.length });
    for (const row of rows) {
      expect(row).toMatchObject({ media: 'video', failures: {}, payloadBytes: row.bytes });
      expect(row.durationSeconds).toBeCloseTo(6 / 24, 6);
      expect(row.bitrateKbps).toBeCloseTo((8 * row.bytes) / 250, 6);
      expect(row.bitsPerPixel).toBeCloseTo((8 * row.bytes) / (192 * 176 * 6), 9);
      expect(row.metrics['ms-ssim']).toBeGreaterThan(0.5);
      expect(row.metrics['ms-ssim']).toBeLessThan(1);
      expect(row.sample).toMatch(/^samples\/clip.mkv--.*\.webp$/);
      expect(row.peakMemoryBytes).toBeGreaterThan(0);
    }
    const [fine, coarse] = ['x264@20', 'x264@40'].map((name) =>
      rows.find((row) => row.system.startsWith(name)),
    );
    if (fine) {
      expect(fine.bytes).toBeGreaterThan(coarse!.bytes);
      expect(fine.metrics.psnr).toBeGreaterThan(coarse!.metrics.psnr! + 0.5);
    }
    expect(stderr).toMatch(/^codec: torn.mkv with .*: .*torn.mkv/m);
    expect(rowsOf('out').find((row) => row.item === 'torn.mkv')!.error).toMatchObject({ code: 'bad-video' });
  });

  it.skipIf(noFfmpeg)(`codec metrics of two videos${noFfmpeg}`, async () => {
    clip('clip.mkv', 4);
    clip('same.mkv', 4);
    clip('longer.mkv', 5);
    clip('wide.mkv', 4, '208x176');
    const compare = (...args: string[]) =>
      codec(folder(), 'metrics', 'clip.mkv', ...args, '--metrics', 'psnr,ms-ssim', '--json');
    const { stdout } = await compare('same.mkv');
    expect(JSON.parse(stdout.toString())).toEqual({ metrics: { psnr: 'Infinity', 'ms-ssim': 1 } });
    expect(failureOf(await compare('longer.mkv'))).toMatch(
      /the reference ends after 4 frames, expected as many/,
    );
    expect(failureOf(await compare('wide.mkv'))).toMatch(/psnr: .*208 x 176.*192 x 176/);
  });
});

/** A moving test picture of ffmpeg's, without loss. */
function clip(name: string, frames: number, size = '192x176'): void {
  const source = `testsrc2=size=${size}:rate=24`;
  const args = ['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', String(frames)];
  const { stderr, status } = spawnSync('ffmpeg', [...args, '-pix_fmt', 'bgr0', '-c:v', 'ffv1', here(name)]);
  if (status !== 0) throw new Error(stderr.toString());
}

/** Waits for a process to have started another, and gives its id. */
async function firstChildOf(parent: number): Promise<number> {
  for (;;) {
    for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
      try {
        const [, owner] = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? [];
        if (Number(owner) === parent) return Number(name);
      } catch {
        // It has ended since.
      }
    }
    await sleep(10);
  }
}
