import { readFileSync } from 'node:fs';
import { shared, sharedMissing } from './shared.ts';

/** The rows of a table of ../shared/golden/metrics, by column; none where it is absent. */
export function csv(name: string): Record<string, string>[] {
  if (sharedMissing) return [];
  const [head, ...lines] = readFileSync(shared('golden/metrics', name), 'utf8').trim().split('\n');
  const columns = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i], cell])));
}

/** 16-bit samples behind a 44-byte header, as in all files of the PESQ pairs. */
export function wavSamples(file: string): Float32Array {
  const bytes = readFileSync(file);
  const samples = new Float32Array((bytes.length - 44) / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(44 + 2 * i) / 32768;
  return samples;
}
