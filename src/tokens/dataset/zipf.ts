const [WIDTH, HEIGHT] = [720, 440];
const MARGIN = { left: 70, right: 130, top: 40, bottom: 50 };

/**
 * A picture (SVG) of how often entries occur by their rank, a line for each codebook, both axes logarithmic: Zipf's law would be
 * a straight line, a codebook in even use a flat one.
 * @param counts `counts[q][i]`: occurrences of entry i of codebook q
 */
export function zipfPlot(counts: readonly ArrayLike<number>[]): string {
  const lines = counts.map((row) => frequencies(row)).map((row, q) => ({ q, row }));
  const ranks = Math.max(2, ...lines.map(({ row }) => row.length));
  const least = Math.min(...lines.flatMap(({ row }) => row.slice(-1)), 0.1);
  const decades = -Math.floor(Math.log10(least));
  const x = (rank: number) =>
    MARGIN.left + (Math.log10(rank) / Math.log10(ranks)) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (frequency: number) =>
    MARGIN.top + (-Math.log10(frequency) / decades) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const colour = (q: number) => `hsl(${Math.round((q * 280) / Math.max(1, counts.length - 1))} 70% 42%)`;
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${WIDTH / 2}" y="22" text-anchor="middle" font-size="15">Frequency of codes by rank</text>`,
  ];
  for (let power = 0; 10 ** power <= ranks; power++) {
    const at = x(10 ** power).toFixed(1);
    parts.push(`<line x1="${at}" y1="${MARGIN.top}" x2="${at}" y2="${bottom}" stroke="#ddd"/>`);
    parts.push(`<text x="${at}" y="${bottom + 18}" text-anchor="middle">${10 ** power}</text>`);
  }
  for (let power = 0; power <= decades; power++) {
    const at = y(10 ** -power).toFixed(1);
    parts.push(`<line x1="${MARGIN.left}" y1="${at}" x2="${right}" y2="${at}" stroke="#ddd"/>`);
    parts.push(
      `<text x="${MARGIN.left - 8}" y="${Number(at) + 4}" text-anchor="end">${power === 0 ? 1 : `1e-${power}`}</text>`,
    );
  }
  for (const { q, row } of lines) {
    const points = thinned(row).map(([rank, share]) => `${x(rank).toFixed(1)},${y(share).toFixed(1)}`);
    parts.push(
      `<polyline fill="none" stroke="${colour(q)}" stroke-width="1.6" points="${points.join(' ')}"/>`,
    );
  }
  // A legend of a few: their order is that of the colours.
  const shown = lines.filter(({ q }) => counts.length <= 16 || q % Math.ceil(counts.length / 16) === 0);
  for (const [i, { q }] of shown.entries()) {
    const at = MARGIN.top + 8 + i * 20;
    parts.push(
      `<line x1="${right + 16}" y1="${at}" x2="${right + 36}" y2="${at}" stroke="${colour(q)}" stroke-width="3"/>`,
    );
    parts.push(`<text x="${right + 42}" y="${at + 4}">codebook ${q}</text>`);
  }
  parts.push(`<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">rank</text>`);
  parts.push(
    `<text transform="translate(18 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">share of frames</text>`,
    '</svg>',
  );
  return `${parts.join('\n')}\n`;
}

/** Shares of the entries that occur, largest first. */
function frequencies(counts: ArrayLike<number>): number[] {
  const used = Array.from(counts).filter((count) => count > 0);
  const total = used.reduce((sum, count) => sum + count, 0);
  return used.sort((a, b) => b - a).map((count) => count / total);
}

/** Some ranks, ever further apart, as they would be seen. */
function thinned(shares: readonly number[]): [rank: number, share: number][] {
  const points: [number, number][] = [];
  for (let rank = 1; rank <= shares.length; rank = Math.max(rank + 1, Math.floor(rank * 1.02))) {
    points.push([rank, shares[rank - 1]!]);
  }
  if (shares.length > 0 && points.at(-1)![0] !== shares.length) points.push([shares.length, shares.at(-1)!]);
  return points;
}
