import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { type ImageSignal, writeImage } from '../../src/index.ts';
import { codec } from './command.ts';
import { chirp, freshFolders, wavBytes } from './fixtures.ts';

const BROWSER = '/usr/bin/chromium';
const noBrowser = existsSync(BROWSER) ? '' : ` (skipped: no ${BROWSER})`;
const folder = freshFolders();

describe.skipIf(noBrowser)(`report.html in a browser${noBrowser}`, { timeout: 180_000 }, () => {
  it('opens offline without an error: plots, tables, players, slider, tokens', async () => {
    const data = Uint8Array.from({ length: 200 * 180 * 3 }, (_, i) => (i * i) >> 7);
    const picture: ImageSignal = { kind: 'image', width: 200, height: 180, channels: 3, data };
    await writeImage(path.join(folder(), 'a.png'), picture);
    writeFileSync(path.join(folder(), 'a.wav'), wavBytes(chirp(36000)));
    const { status } = await codec(
      folder(),
      ...['eval', 'a.wav', 'a.png', '-o', 'out'],
      ...['--recipes', 'tiny.yaml@bitrate=3,tiny.yaml@bitrate=12', '--baselines', 'jpeg@10,jpeg@50,jpeg@90'],
      ...['--metrics', 'snr,si-sdr,psnr,ssim,perplexity'],
    );
    expect(status).toBe(0);

    const browser = await chromium.launch({
      executablePath: BROWSER,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--autoplay-policy=no-user-gesture-required',
      ],
    });
    try {
      const page = await (await browser.newContext({ offline: true })).newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (!/^(file|data|blob):/.test(request.url())) complaints.push(`asks for ${request.url()}`);
      });
      await page.goto(`file://${path.join(folder(), 'out/report.html')}`);

      const plotted = await page.locator('.plot').evaluateAll((boxes) =>
        boxes.map((box) => {
          const canvas = box.querySelector('canvas')!;
          const { data: pixels } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return [(box as HTMLElement).dataset.metric, pixels.some((value) => value > 0)];
        }),
      );
      expect(Object.fromEntries(plotted)).toEqual({ snr: true, 'si-sdr': true, psnr: true, ssim: true });
      expect(await page.locator('.plot .u-legend .u-series:visible').allTextContents()).toEqual([
        ...['tiny.yaml', 'tiny.yaml', 'jpeg', 'jpeg'],
      ]);

      const firsts = page.locator('#summary-image tbody td:first-child');
      expect(await firsts.allTextContents()).toEqual(['jpeg@10', 'jpeg@50', 'jpeg@90']);
      const psnr = page.locator('#summary-image th button', { hasText: 'psnr' });
      await psnr.click();
      await psnr.click();
      expect(await firsts.allTextContents()).toEqual(['jpeg@90', 'jpeg@50', 'jpeg@10']);

      const heard = await page
        .locator('audio')
        .nth(1)
        .evaluate(async (player: HTMLAudioElement) => {
          player.muted = true;
          await player.play();
          await new Promise((done) =>
            player.addEventListener('timeupdate', () => player.currentTime > 0 && done(0)),
          );
          return { seconds: player.duration, at: player.currentTime };
        });
      expect(heard.seconds).toBeCloseTo(1.5, 1);
      expect(heard.at).toBeGreaterThan(0);

      const over = page.locator('.compare img.over');
      expect(await over.evaluate((image) => (image as HTMLElement).style.clipPath)).toMatch(/ 50% /);
      await page.locator('input[type=range]').fill('80');
      expect(await over.evaluate((image) => (image as HTMLElement).style.clipPath)).toMatch(/ 20% /);
      await page.getByLabel('right').selectOption('jpeg@90');
      expect(
        await page
          .locator('.compare img.under')
          .evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
      ).toBe(200);

      expect(await page.locator('.bars').count()).toBeGreaterThan(1);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  it.skipIf(spawnSync('ffmpeg', ['-version']).error)(
    'spectrograms of the original and of each system',
    async () => {
      writeFileSync(path.join(folder(), 'a.wav'), wavBytes(chirp(36000)));
      await codec(
        folder(),
        ...['eval', 'a.wav', '-o', 'out', '--baselines', 'opus@12,opus@24'],
        ...['--metrics', 'si-sdr', '--samples', '1'],
      );
      const browser = await chromium.launch({
        executablePath: BROWSER,
        args: ['--no-sandbox', '--disable-gpu'],
      });
      try {
        const page = await browser.newPage();
        await page.goto(`file://${path.join(folder(), 'out/report.html')}`);
        const widths = await page
          .locator('.version img')
          .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth));
        expect(widths).toEqual([480, 480, 480]);
      } finally {
        await browser.close();
      }
    },
  );
});
