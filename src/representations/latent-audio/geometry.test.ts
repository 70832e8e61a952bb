import { describe, expect, it } from 'vitest';
import { Rng } from '../../core/rng.ts';
import { latentAudio } from '../latent-audio.ts';
import { AudioGeometry, barkOf, frequencyAt, ROWS_BEFORE, SPREAD_PARTS } from './geometry.ts';

const options = latentAudio.options.parse({ tileFrames: 64 });

describe('AudioGeometry', () => {
  it('has the inverse of its scale', () => {
    for (const frequencyHz of [100, 1000, 7999]) {
      expect(frequencyAt(barkOf(frequencyHz))).toBeCloseTo(frequencyHz, 6);
    }
  });

  it('spreads gains over coefficients in whole numbers as its matrices do', () => {
    const geometry = new AudioGeometry(options, { sampleRateHz: 8000, channels: 2, lengthSamples: 1000 });
    const [rows, columns] = geometry.gainSize;
    const rng = new Rng(2);
    const gains = Int32Array.from({ length: rows * columns }, () => rng.int(21) - 10);
    const at = (row: number, column: number) =>
      gains[Math.max(0, Math.min(rows - 1, row)) * columns + column]!;
    const [rowWeights, bandWeights] = [geometry.rowMatrix(), geometry.bandMatrix()];
    const [windowRows] = geometry.gainWindow;
    const sums = new Float64Array(geometry.fineSize[1]);
    for (let frame = 0; frame < geometry.frames; frame++) {
      geometry.spreadRow(frame, at, sums);
      expect(sums.every(Number.isInteger)).toBe(true);
      for (const [i, sum] of sums.entries()) {
        let expected = 0;
        for (let y = 0; y < windowRows; y++) {
          for (let x = 0; x < columns; x++) {
            const weight = rowWeights[frame * windowRows + y]! * bandWeights[x * sums.length + i]!;
            expected += weight * at(y - ROWS_BEFORE, x);
          }
        }
        expect(sum / SPREAD_PARTS).toBe(expected);
      }
    }
  });
});
