import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findItems } from '../../eval/batch/items.ts';
import type { Row } from '../../eval/batch/row.ts';
import { parseSystems } from '../../eval/batch/system-spec.ts';
import { RowMaker } from '../../eval/batch/work.ts';
import { bdRate, type MetricName } from '../../eval/index.ts';
import { shared, sharedMissing } from './shared.ts';

const noFfmpeg = spawnSync('ffmpeg', ['-version']).error ? 'no ffmpeg in the PATH' : undefined;
const skipped = sharedMissing ?? noFfmpeg;
const golden = skipped ? undefined : JSON.parse(readFileSync(shared('golden/baselines.json'), 'utf8'));

let folder = '';
let maker: RowMaker;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'codec-baselines-'));
  maker = new RowMaker(1, folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function rowOf(file: string, system: string, metrics: MetricName[]): Promise<Row> {
  const [item] = findItems([shared(file)]);
  const [spec] = parseSystems('baseline', [system]);
  const task = { item: item!, system: spec!, metrics, output: folder, keepSample: false };
  const row = await maker.make(task);
  expect(row).not.toHaveProperty('error');
  expect(row.failures).toEqual({});
  return row;
}

const title = `baselines as others ran them${skipped ? ` (skipped: ${skipped})` : ''}`;

describe.skipIf(skipped)(title, { timeout: 180_000 }, () => {
  const picture = 'data/images/kodak/kodim03.png';

  it.each([
    ['jpeg@30', 'jpeg', '30'],
    ['webp@30', 'webp', '30'],
    ['jxl@4', 'jxl', '4'],
    ['hevc-intra@37', 'hevc420', '37'],
    ['hevc-intra@37:chroma=4:4:4:tune=psnr', 'hevc444_psnr', '37'],
  ])('%s of a picture', async (system, name, setting) => {
    const expected = golden.image.per_image[name][setting].kodim03;
    const row = await rowOf(picture, system, ['psnr', 'ms-ssim', 'ssim']);
    expect(Math.abs(row.bytes / expected.bytes - 1)).toBeLessThan(0.004);
    expect(row.metrics.psnr).toBeCloseTo(expected.psnr_rgb, 3);
    expect(row.metrics['ms-ssim']).toBeCloseTo(expected.ms_ssim, 4);
    expect(row.metrics.ssim).toBeCloseTo(expected.ssim, 4);
  });

  it('avif: other settings, nearly the same curve', async () => {
    const rows: Row[] = [];
    for (const q of [15, 30, 45, 60]) rows.push(await rowOf(picture, `avif@${q}`, ['psnr', 'ms-ssim']));
    const steps: { kodim03: Record<string, number> }[] = Object.values(golden.image.per_image.avif420);
    const curves = (metric: string, name: string) => [
      steps.map(({ kodim03 }) => ({ rate: kodim03.bpp!, quality: kodim03[name]! })),
      rows.map((row) => ({ rate: row.bitsPerPixel!, quality: row.metrics[metric]! })),
    ];
    const [psnrOfOthers, psnr] = curves('psnr', 'psnr_rgb');
    const [msSsimOfOthers, msSsim] = curves('ms-ssim', 'ms_ssim');
    expect(Math.abs(bdRate(psnrOfOthers!, psnr!))).toBeLessThan(4);
    expect(Math.abs(bdRate(msSsimOfOthers!, msSsim!))).toBeLessThan(2);
  });

  it('opus of speech: payload, PESQ, STOI', async () => {
    const id = '2414-128291-0006';
    const expected = golden.speech.per_utterance_shared.opus_6_20[id];
    const row = await rowOf(`data/speech/eval/2414/${id}.flac`, 'opus@6', ['pesq-wb', 'pesq-nb', 'stoi']);
    expect(row.payloadKbps).toBeCloseTo(expected.payload_kbps, 3);
    expect(row.bitrateKbps! / expected.ogg_kbps).toBeCloseTo(1, 1);
    expect(row.payloadBytes).toBeLessThan(row.bytes);
    expect(Math.abs(row.metrics['pesq-wb']! - expected.pesq_wb)).toBeLessThan(0.002);
    expect(Math.abs(row.metrics['pesq-nb']! - expected.pesq_nb)).toBeLessThan(0.002);
    expect(row.metrics.stoi).toBeCloseTo(expected.stoi, 3);
  });

  it('x264 of a video', async () => {
    const expected = golden.video.results.x264.find(({ crf }: { crf: number }) => crf === 43);
    const row = await rowOf('data/video/bunny_640x320_rgb.mkv', 'x264@43', ['psnr']);
    expect(row.bytes).toBe(expected.bytes);
    expect(row.payloadKbps).toBeCloseTo(expected.kbps, 1);
    expect(row.bitsPerPixel).toBeCloseTo(expected.bpp, 5);
    expect(row.metrics.psnr).toBeCloseTo(expected.psnr_mean, 3);
  });
});
