// BD-rate (percent, PSNR-RGB) of the systems of `codec eval` against ordinary codecs as others ran them, picture by picture:
// node scripts/picture-bd-rate.mjs RESULTS_FOLDER BASELINES.json. Needs `npm run build`.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bdRate } from '../dist/eval/index.js';

const ANCHORS = ['jpeg', 'webp', 'avif420', 'hevc420'];

const print = (line) => process.stdout.write(`${line}\n`);

const [folder, baselines] = process.argv.slice(2);
const known = JSON.parse(readFileSync(baselines, 'utf8')).image.per_image;
const rows = readFileSync(path.join(folder, 'results.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));
const families = new Set(
  rows.filter(({ system }) => system.includes('@quality=')).map(({ family }) => family),
);
const items = [...new Set(rows.map(({ item }) => item))].toSorted();

for (const family of families) {
  print(`| ${family} | ${ANCHORS.join(' | ')} |\n| --- |${' ---: |'.repeat(ANCHORS.length)}`);
  const sums = ANCHORS.map(() => 0);
  for (const item of items) {
    const curve = rows
      .filter((row) => row.item === item && row.family === family && row.bitsPerPixel !== undefined)
      .map(({ bitsPerPixel, metrics }) => ({ rate: bitsPerPixel, quality: metrics.psnr }));
    const rates = ANCHORS.map((anchor) => bdRate(anchorCurve(anchor, path.parse(item).name), curve));
    for (const [i, rate] of rates.entries()) sums[i] += rate / items.length;
    print(`| ${item} | ${rates.map((rate) => rate.toFixed(1)).join(' | ')} |`);
  }
  print(`| mean | ${sums.map((rate) => rate.toFixed(1)).join(' | ')} |`);
}

function anchorCurve(anchor, picture) {
  return Object.values(known[anchor]).map((pictures) => ({
    rate: pictures[picture].bpp,
    quality: pictures[picture].psnr_rgb,
  }));
}
