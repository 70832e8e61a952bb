import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { msSsim, psnr, ssim } from '../../eval/index.ts';
import { readImage } from '../../src/index.ts';
import { shared, sharedMissing } from './shared.ts';

const folder = shared('golden/metrics/image');
const TOLERANCE = 1e-4;

function rows(): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path.join(folder, 'expected.csv'), 'utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i]!]));
  });
}

describe.skipIf(sharedMissing)('image metrics against their references', () => {
  for (const row of sharedMissing ? [] : rows()) {
    it(row.id!, async () => {
      const [reference, degraded] = await Promise.all([
        readImage(path.join(folder, row.ref!)),
        readImage(path.join(folder, row.deg!)),
      ]);
      expect(reference).toMatchObject({
        width: Number(row.width),
        height: Number(row.height),
        channels: Number(row.channels),
      });
      if (row.psnr_rgb === 'inf') expect(psnr(reference, degraded)).toBe(Number.POSITIVE_INFINITY);
      else expect(Math.abs(psnr(reference, degraded) - Number(row.psnr_rgb))).toBeLessThan(TOLERANCE);
      expect(Math.abs(ssim(reference, degraded) - Number(row.ssim_f64))).toBeLessThan(TOLERANCE);
      if (row.ms_ssim === 'error') {
        expect(() => msSsim(reference, degraded)).toThrow(/at least 161 on each side/);
      } else {
        expect(Math.abs(msSsim(reference, degraded) - Number(row.ms_ssim_f64))).toBeLessThan(TOLERANCE);
      }
    });
  }
});
