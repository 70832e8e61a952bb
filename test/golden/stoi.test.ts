import { describe, expect, it } from 'vitest';
import { siSdr } from '../../eval/metrics/si-sdr.ts';
import { estoi, stoi } from '../../eval/metrics/stoi.ts';
import { csv, wavSamples } from './metric-files.ts';
import { shared, sharedMissing } from './shared.ts';

describe.skipIf(sharedMissing)(
  `STOI, ESTOI, SI-SDR equal the references${sharedMissing ? `: ${sharedMissing}` : ''}`,
  () => {
    it.each(csv('stoi/expected.csv'))('$id at $fs Hz', (row) => {
      const options = { sampleRateHz: Number(row.fs) };
      const cut = (name: string) =>
        wavSamples(shared('golden/metrics/stoi', name)).slice(0, Number(row.samples));
      const pair = [cut(row.ref!), cut(row.deg!)] as const;
      expect(Math.abs(stoi(...pair, options) - Number(row.stoi_6))).toBeLessThan(1e-5);
      expect(Math.abs(estoi(...pair, options) - Number(row.estoi_6))).toBeLessThan(Number(row.estoi_tol));
      if (row.si_sdr_db === 'inf') expect(siSdr(...pair)).toBe(Number.POSITIVE_INFINITY);
      else expect(Math.abs(siSdr(...pair) - Number(row.si_sdr_db))).toBeLessThan(1e-4);
    });
  },
);
