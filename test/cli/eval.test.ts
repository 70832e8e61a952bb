import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeImage } from '../../src/index.ts';
import { root } from './build.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { chirp, freshFolders, picture, wavBytes } from './fixtures.ts';

const folder = freshFolders();
const speech = path.join(root, 'examples/speech.wav');

const lines = (file: string) => readFileSync(path.join(folder(), file), 'utf8').trim().split('\n');

describe('codec metrics', { timeout: 180_000 }, () => {
  it('prints names of the catalogue as JSON', async () => {
    copyFileSync(speech, path.join(folder(), 'a.wav'));
    const { metrics } = jsonOf(
      await codec(folder(), 'metrics', 'a.wav', 'a.wav', '--metrics', 'pesq-wb,stoi,si-sdr', '--json'),
    ) as { metrics: Record<string, number> };
    expect(Object.keys(metrics)).toEqual(['pesq-wb', 'stoi', 'si-sdr']);
    expect(metrics['pesq-wb']).toBeCloseTo(4.644, 2);
    expect(metrics.stoi).toBeCloseTo(1, 6);
  });

  it('tells pictures by their names, and infinite values as text', async () => {
    await writeImage(path.join(folder(), 'a.png'), picture(64, 48));
    const outcome = await codec(folder(), 'metrics', 'a.png', 'a.png', '--metrics', 'psnr,ssim', '--json');
    expect(jsonOf(outcome)).toEqual({ metrics: { psnr: 'Infinity', ssim: 1 } });
  });

  it('without a list leaves out what does not fit, and says so', async () => {
    await writeImage(path.join(folder(), 'a.png'), picture(64, 48));
    const { status, stdout, stderr } = await codec(folder(), 'metrics', 'a.png', 'a.png');
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(/^psnr +Infinity dB/);
    expect(stderr).toMatch(/without ms-ssim: .*found 64 x 48 pixels, expected at least 161 on each side/);
  });

  it('refuses what cannot be compared', async () => {
    await writeImage(path.join(folder(), 'a.png'), picture(64, 48));
    await writeImage(path.join(folder(), 'b.png'), picture(64, 64));
    writeFileSync(path.join(folder(), 'short.wav'), wavBytes(new Float32Array(24000).fill(0.1)));
    writeFileSync(path.join(folder(), 'long.wav'), wavBytes(new Float32Array(48000).fill(0.1)));
    writeFileSync(path.join(folder(), 'silent.wav'), wavBytes(new Float32Array(24000)));
    const fails = async (...args: string[]) => failureOf(await codec(folder(), 'metrics', ...args));
    expect(await fails('a.png', 'b.png', '--metrics', 'psnr')).toMatch(/found 64 x 64.* expected 64 x 48/);
    expect(await fails('a.png', 'short.wav')).toMatch(/image and audio by their names/);
    expect(await fails('a.png', 'b.png', '--metrics', 'stoi')).toMatch(/stoi does not compare image/);
    expect(await fails('a.png', 'b.png', '--metrics', 'psn')).toMatch(/no metric "psn".*expected psnr/);
    expect(await fails('short.wav', 'long.wav', '--metrics', 'stoi')).toMatch(/2.00 s .*expected 1.00 s/);
    expect(await fails('silent.wav', 'silent.wav', '--metrics', 'pesq-wb')).toMatch(/pesq-wb: .*only zeros/);
    expect(await fails('a.png', 'none.png')).toMatch(/cannot read none.png: found no such file/);
  });
});

describe('codec eval', { timeout: 180_000 }, () => {
  it('rows, tables and report; bad items are rows; a second run goes on where the first stopped', async () => {
    await writeImage(path.join(folder(), 'one.png'), picture(200, 180, 1));
    await writeImage(path.join(folder(), 'two.png'), picture(200, 180, 2));
    await writeImage(path.join(folder(), 'small.png'), picture(100, 100, 3));
    writeFileSync(path.join(folder(), 'bad.png'), 'not a picture');
    writeFileSync(
      path.join(folder(), 'list.csv'),
      'id,path\nfirst,one.png\nsecond,two.png\nsmall,small.png\nbad,bad.png\n',
    );
    const args = [
      '--baselines',
      'jpeg@10,jpeg@30,jpeg@90,webp@10,webp@30,webp@90',
      '--metrics',
      'psnr,ms-ssim',
    ];
    const first = await codec(folder(), 'eval', 'list.csv', ...args, '-o', 'out', '--jobs', '2', '--json');
    expect(first.stderr).toMatch(/bad with jpeg@10: cannot decode .*bad.png/);
    expect(first.stderr).toMatch(/small with webp@90: .*at least 161 on each side/);
    expect(JSON.parse(first.stdout.toString())).toMatchObject({ rows: 24, failed: 6, notes: [] });

    const rows = lines('out/results.jsonl').map((line) => JSON.parse(line));
    expect(rows.map((row) => `${row.item} ${row.system}`).slice(0, 2)).toEqual([
      'first jpeg@10',
      'first jpeg@30',
    ]);
    expect(rows[0]).toMatchObject({ family: 'jpeg', media: 'image', failures: {} });
    expect(rows[0].bitsPerPixel).toBeCloseTo((8 * rows[0].bytes) / (200 * 180), 12);
    expect(rows[2].metrics.psnr).toBeGreaterThan(rows[0].metrics.psnr + 3);
    expect(rows.find((row) => row.item === 'small')).toMatchObject({
      metrics: { psnr: expect.any(Number) },
      failures: { 'ms-ssim': { code: 'bad-image' } },
    });
    expect(rows.find((row) => row.item === 'bad').error.code).toBe('bad-image');
    expect(lines('out/results.csv')).toHaveLength(25);
    expect(readFileSync(path.join(folder(), 'out/summary.md'), 'utf8')).toMatch(
      /\| webp +\| +psnr \| +-\d+\.\d %/,
    );

    expect(failureOf(await codec(folder(), 'eval', 'list.csv', ...args, '-o', 'out'))).toMatch(
      /Add --resume/,
    );
    // As a run that was killed leaves it: rows missing, the last one cut short. The bad item is well by now.
    const kept = lines('out/results.jsonl').slice(0, 5);
    writeFileSync(path.join(folder(), 'out/results.jsonl'), `${kept.join('\n')}\n{"item": "sec`);
    await writeImage(path.join(folder(), 'bad.png'), picture(200, 180, 4), { force: true });
    const again = await codec(folder(), 'eval', 'list.csv', ...args, '-o', 'out', '--resume', '--json');
    expect(JSON.parse(again.stdout.toString())).toMatchObject({ rows: 24, failed: 0 });
    expect(lines('out/results.jsonl').slice(0, 5)).toEqual(kept);
  });

  it('a recipe: bitrates, codes and their statistics', async () => {
    writeFileSync(path.join(folder(), 'chirp.wav'), wavBytes(chirp(24000)));
    const { status, stderr } = await codec(
      folder(),
      ...[
        'eval',
        'chirp.wav',
        '--recipes',
        'tiny.yaml@all',
        '--metrics',
        'si-sdr,tokens-per-second',
        '-o',
        'out',
      ],
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const rows = lines('out/results.jsonl').map((line) => JSON.parse(line));
    expect(rows.map((row) => row.nominalKbps)).toEqual([1.5, 3, 6, 12]);
    expect(rows.map((row) => Math.round(row.metrics['tokens-per-second'] / 75))).toEqual([2, 4, 8, 16]);
    expect(rows[0].peakMemoryBytes).toBeGreaterThan(30e6);
    expect(rows[0].realTimeFactor).toBeGreaterThan(0);
  });

  it('refuses systems there are not, and takes note of those of other media', async () => {
    const fails = async (...args: string[]) =>
      failureOf(await codec(folder(), 'eval', speech, ...args, '-o', 'out'));
    expect(await fails('--baselines', 'opuz@6')).toMatch(/no baseline "opuz".*expected opus/);
    expect(await fails('--baselines', 'opus@1')).toMatch(/expected a number from 6 to 256 kbps/);
    expect(await fails('--baselines', 'opus@6:frame=7')).toMatch(/no setting frame=7.*one of 20/);
    expect(await fails('--recipes', 'encodec-24k@bitrate=4')).toMatch(/found 4 kbps, expected one of 1.5, 3/);
    expect(await fails('--recipes', 'encodec-25k')).toMatch(/no recipe "encodec-25k"/);
    expect(await fails('--baselines', 'jpeg@10')).toMatch(/nothing to evaluate: found speech.wav: no system/);
    expect(await fails('--baselines', 'opus@6', '--anchor', 'aac')).toMatch(/anchor "aac" is not among/);
    expect(await fails()).toMatch(/nothing to evaluate/);
  });
});

describe('codec find-close', { timeout: 180_000 }, () => {
  it('the setting of a baseline closest to a rate or a metric', async () => {
    await writeImage(path.join(folder(), 'a.png'), picture(200, 180));
    const find = async (target: string) =>
      jsonOf(await codec(folder(), 'find-close', 'a.png', '--system', 'jpeg', '--target', target, '--json'));
    const byQuality = await find('psnr=30');
    expect(Math.abs((byQuality.reached as number) - 30)).toBeLessThan(0.5);
    const again = await find(`rate=${byQuality.rate}`);
    expect(again.rate).toBe(byQuality.rate);
  });

  it('refuses a target that is none', async () => {
    await writeImage(path.join(folder(), 'a.png'), picture(200, 180));
    const fails = async (target: string) =>
      failureOf(await codec(folder(), 'find-close', 'a.png', '--system', 'jpeg', '--target', target));
    expect(await fails('quality=3')).toMatch(/cannot read the target "quality=3": expected NAME=NUMBER/);
    expect(await fails('stoi=0.9')).toMatch(/has no stoi with jpeg/);
  });
});
