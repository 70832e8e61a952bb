import type uPlotClass from 'uplot';
import type { ReportData, Sample, TokenStatistics } from './data.ts';

declare const uPlot: typeof uPlotClass;

// Runs in the page: draws everything from the data it holds.
const data: ReportData = JSON.parse(document.getElementById('data')!.textContent!, (_, value) =>
  value === 'Infinity' || value === '-Infinity' || value === 'NaN' ? Number(value) : value,
);
const COLOURS = [
  '#2a6fdb',
  '#d9480f',
  '#2b8a3e',
  '#9c36b5',
  '#e0a100',
  '#0b7285',
  '#c2255c',
  '#5f3dc4',
  '#495057',
];
const main = document.querySelector('main')!;

type Child = Node | string;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const show = (value: number | undefined, digits = 3) =>
  value === undefined || Number.isNaN(value)
    ? '–'
    : Number.isFinite(value)
      ? value.toFixed(digits)
      : String(value);

function plots(media: string): HTMLElement {
  const grid = element('div', { class: 'plots' });
  const systems = data.systems.filter((system) => system.media === media && system.items > 0);
  const families = [...new Set(systems.map(({ family }) => family))];
  for (const [name, facts] of Object.entries(data.metrics)) {
    const points = systems.filter((system) => Number.isFinite(system.metrics[name]?.mean));
    if (facts.media === 'codes' || points.length === 0) continue;
    const box = element('div', { class: 'plot', 'data-metric': name });
    const arrow = facts.better === 'higher' ? 'higher is better' : 'lower is better';
    box.append(element('h3', { title: `${facts.about} (${facts.source})` }, `${name} — ${arrow}`));
    grid.append(box);
    const rates = [...new Set(points.map((point) => point.rate.mean))].sort((a, b) => a - b);
    const columns: (number | null)[][] = [];
    const series: uPlotClass.Series[] = [{ label: data.rateUnits[media]! }];
    const bands: uPlotClass.Band[] = [];
    for (const [f, family] of families.entries()) {
      const own = points.filter((point) => point.family === family);
      if (own.length === 0) continue;
      const at = (pick: 'mean' | 'low' | 'high') =>
        rates.map((rate) => own.find((point) => point.rate.mean === rate)?.metrics[name]?.[pick] ?? null);
      const colour = COLOURS[f % COLOURS.length]!;
      columns.push(at('mean'), at('high'), at('low'));
      const edge = { stroke: 'transparent', spanGaps: true, points: { show: false }, class: 'edge' };
      series.push(
        {
          label: family,
          stroke: colour,
          width: 2,
          spanGaps: true,
          points: { show: true, size: 7, fill: colour },
        },
        { ...edge, label: `${family} high` },
        { ...edge, label: `${family} low` },
      );
      bands.push({ series: [series.length - 2, series.length - 1], fill: `${colour}2e` });
    }
    const padded = (low: number, high: number): [number, number] => [low / 1.15, high * 1.15];
    new uPlot(
      {
        width: 520,
        height: 300,
        series,
        bands,
        scales: {
          x: { time: false, distr: 3, log: 10, range: () => padded(rates[0]!, rates.at(-1)!) },
        },
        axes: [
          {
            label: `${data.rateUnits[media]} (whole files)`,
            // Powers of ten are too far apart: name the points there are.
            splits: () => spread(rates),
            filter: (_, splits) => splits,
            values: (_, splits) => splits.map((rate) => String(Number(rate.toPrecision(2)))),
          },
          { label: facts.unit || name, size: 60 },
        ],
        legend: { live: false },
      },
      [rates, ...columns] as uPlotClass.AlignedData,
      box,
    );
    // The legend names each family once, not the edges of its band.
    for (const [i, row] of [...box.querySelectorAll('.u-legend .u-series')].entries()) {
      if (i % 3 !== 0) (row as HTMLElement).style.display = 'none';
    }
  }
  return grid;
}

/** Values that are far enough apart on a logarithmic axis to be labelled. */
function spread(rates: readonly number[]): number[] {
  const chosen: number[] = [];
  const gap = Math.max(1.18, (rates.at(-1)! / rates[0]!) ** (1 / 9));
  for (const rate of rates) if (chosen.length === 0 || rate / chosen.at(-1)! > gap) chosen.push(rate);
  return chosen;
}

type Cell = { readonly sort: number | string; readonly show: Child[] };

const text = (value: string): Cell => ({ sort: value, show: [value] });
const figure = (value: number | undefined, digits = 3): Cell => ({
  sort: value ?? Number.NaN,
  show: [show(value, digits)],
});

function sortableTable(id: string, head: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const body = element('tbody');
  const fill = (sorted: readonly (readonly Cell[])[]) =>
    body.replaceChildren(
      ...sorted.map((row) =>
        element('tr', {}, ...row.map((cell) => element('td', {}, ...cell.show.map(clone)))),
      ),
    );
  const headers = head.map((title, column) => {
    const button = element('button', { type: 'button' }, title);
    const header = element('th', {}, button);
    button.addEventListener('click', () => {
      const up = header.getAttribute('aria-sort') !== 'ascending';
      for (const other of headers) other.removeAttribute('aria-sort');
      header.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      fill([...rows].sort((a, b) => (up ? 1 : -1) * compare(a[column]!.sort, b[column]!.sort)));
    });
    return header;
  });
  fill(rows);
  const table = element('table', { id }, element('thead', {}, element('tr', {}, ...headers)), body);
  return element('div', { class: 'scroll' }, table);
}

const clone = (child: Child) => (typeof child === 'string' ? child : child.cloneNode(true));

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'string' || typeof b === 'string')
    return String(a).localeCompare(String(b), 'en', { numeric: true });
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) ? -1 : a - b;
}

/** Video takes hundredths of a bit per pixel. */
const digitsOf = (value: { mean: number } | undefined) => (Math.abs(value?.mean ?? 1) < 0.1 ? 4 : 3);

function summaryTable(media: string): HTMLElement {
  const own = data.systems.filter((system) => system.media === media);
  const names = [...new Set(own.flatMap((system) => Object.keys(system.metrics)))];
  const mean = (value: { mean: number; low: number; high: number; count: number } | undefined): Cell => ({
    sort: value?.mean ?? Number.NaN,
    show: [
      show(value?.mean, digitsOf(value)),
      ...(value && value.count > 1 && Number.isFinite(value.mean)
        ? [
            element(
              'div',
              { class: 'interval' },
              `${show(value.low, digitsOf(value))} to ${show(value.high, digitsOf(value))}`,
            ),
          ]
        : []),
    ],
  });
  const payload = media === 'audio' ? ['payload kbps'] : [];
  const rows = own.map((system) => [
    text(system.system),
    text(system.errors > 0 ? `${system.items} (${system.errors} failed)` : String(system.items)),
    mean(system.rate),
    ...payload.map(() => mean(system.payloadKbps)),
    ...names.map((name) => mean(system.metrics[name])),
    figure(system.encodeSeconds, 2),
    figure(system.decodeSeconds, 2),
    figure(system.realTimeFactor, 1),
    figure(system.peakMemoryBytes / 2 ** 20, 0),
  ]);
  const head = [
    'system',
    'items',
    data.rateUnits[media]!,
    ...payload,
    ...names,
    'encode s',
    'decode s',
    'x real time',
    'peak MB',
  ];
  return sortableTable(`summary-${media}`, head, rows);
}

function bjontegaardTable(media: string): HTMLElement | undefined {
  const own = data.bjontegaard.filter(
    (row) => row.media === media && (row.bdRate !== undefined || row.bdMetric !== undefined),
  );
  if (own.length === 0) return undefined;
  const rows = own.map((row) => [
    text(row.family),
    text(row.metric),
    figure(row.bdRate, 1),
    figure(row.bdMetric),
  ]);
  const head = ['family', 'metric', `BD-rate % against ${own[0]!.anchor}`, 'BD-metric'];
  return sortableTable(`bjontegaard-${media}`, head, rows);
}

function rowsTable(): HTMLElement {
  const names = [...new Set(data.rows.flatMap((row) => Object.keys(row.metrics)))];
  const rows = data.rows.map((row) => [
    text(row.item),
    text(row.system),
    figure(row.rate),
    ...names.map((name) => figure(row.metrics[name])),
    figure(row.encodeSeconds, 2),
    figure(row.decodeSeconds, 2),
    { sort: row.error, show: row.error ? [element('span', { class: 'error' }, row.error)] : [] },
  ]);
  const head = ['item', 'system', 'kbps or bpp', ...names, 'encode s', 'decode s', 'error'];
  const details = element('details', {}, element('summary', {}, `All ${rows.length} rows`));
  details.append(sortableTable('rows', head, rows));
  return details;
}

function sounds({ item, versions }: Sample): HTMLElement {
  const grid = element('div', { class: 'versions' });
  for (const { system, source, spectrogram, caption } of versions) {
    const box = element('div', { class: 'version', 'data-system': system }, element('h3', {}, system));
    if (spectrogram) box.append(element('img', { src: spectrogram, alt: `Spectrogram of ${system}` }));
    box.append(
      element('audio', { controls: '', preload: 'metadata', src: source }),
      element('p', { class: 'note' }, caption),
    );
    grid.append(box);
  }
  return element('section', {}, element('h3', {}, item), grid);
}

function pictures({ item, versions }: Sample): HTMLElement {
  const choice = (label: string, chosen: number) => {
    const options = versions.map(({ system }, i) => element('option', { value: String(i) }, system));
    const select = element('select', { 'aria-label': label }, ...options);
    select.value = String(chosen);
    return select;
  };
  const [left, right] = [choice('left', 0), choice('right', Math.min(1, versions.length - 1))];
  const slider = element('input', {
    type: 'range',
    min: '0',
    max: '100',
    value: '50',
    'aria-label': 'where to divide',
  });
  const [over, under] = [
    element('img', { class: 'over', alt: 'left' }),
    element('img', { class: 'under', alt: 'right' }),
  ];
  const line = element('div', { class: 'line' });
  const caption = element('p', { class: 'note' });
  const divide = () => {
    over.style.clipPath = `inset(0 ${100 - Number(slider.value)}% 0 0)`;
    line.style.left = `${slider.value}%`;
  };
  const choose = () => {
    const [a, b] = [versions[Number(left.value)]!, versions[Number(right.value)]!];
    [over.src, under.src] = [a.source, b.source];
    caption.textContent = [a, b]
      .map((v) => (v.caption ? `${v.system}: ${v.caption}` : v.system))
      .join('  |  ');
  };
  slider.addEventListener('input', divide);
  for (const select of [left, right]) select.addEventListener('change', choose);
  divide();
  choose();
  return element(
    'section',
    {},
    element('h3', {}, item),
    element('div', { class: 'controls' }, left, slider, right),
    element('div', { class: 'compare' }, under, over, line),
    caption,
  );
}

function tokens(): HTMLElement {
  const box = element('div', { class: 'versions' });
  for (const statistics of data.tokens) {
    const { system, codebookSize, frames } = statistics;
    const facts = `${frames} frames of all items, ${codebookSize} entries a codebook`;
    const part = element(
      'div',
      { class: 'version' },
      element('h3', {}, system),
      element('p', { class: 'note' }, facts),
    );
    for (const name of Object.keys(statistics.perCodebook)) part.append(...bars(statistics, name));
    box.append(part);
  }
  return box;
}

function bars({ perCodebook }: TokenStatistics, name: string): HTMLElement[] {
  const values = perCodebook[name]!;
  const unit = data.metrics[name]?.unit ?? '';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // What is the same for every codebook needs no picture.
  if (low === high) return [element('p', { class: 'note' }, `${name}: ${show(low)} ${unit} each`)];
  const columns = values.map((value, q) =>
    element('div', {
      style: `height: ${(100 * value) / high}%`,
      title: `codebook ${q + 1}: ${show(value)} ${unit}`,
    }),
  );
  return [
    element('p', { class: 'note' }, `${name}: ${show(low)} to ${show(high)} ${unit}, codebook by codebook`),
    element('div', { class: 'bars' }, ...columns),
  ];
}

main.append(element('h1', {}, 'Codec evaluation'));
for (const note of data.notes) main.append(element('p', { class: 'note' }, note));
const media = [...new Set(data.systems.map((system) => system.media))];
for (const each of media) {
  main.append(element('h2', {}, `Rate and quality: ${each}`));
  main.append(
    element('p', { class: 'note' }, 'Means over items; bands are 95 % bootstrap intervals.'),
    plots(each),
  );
  main.append(element('h2', {}, `Systems: ${each}`), summaryTable(each));
  const deltas = bjontegaardTable(each);
  if (deltas) main.append(element('h3', {}, 'Bjontegaard deltas over the means'), deltas);
}
main.append(element('h2', {}, 'Rows'), rowsTable());
if (data.samples.length > 0) {
  main.append(element('h2', {}, 'Samples'));
  for (const sample of data.samples)
    main.append(sample.media === 'audio' ? sounds(sample) : pictures(sample));
}
if (data.tokens.length > 0) main.append(element('h2', {}, 'Tokens'), tokens());
