import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { nominalKbps } from '../../codec/bitrate.ts';
import { type CodebookUse, CodeCounts } from '../../core/code-counts.ts';
import { CodecError } from '../../core/errors.ts';
import { createAtomicFile, writeFileAtomically } from '../../media/atomic-file.ts';
import type { SpecialName } from '../vocabulary.ts';
import { shardFormats } from './formats/catalogue.ts';
import { encodeNpy } from './npy.ts';
import { type DatasetSettings, sequencerOf } from './settings.ts';
import type { ShardRecord, ShardState } from './shards.ts';
import { zipfPlot } from './zipf.ts';

/** Name of the file that says what a dataset is. */
export const INFO = 'dataset.json';

/** What a dataset is. */
export interface DatasetInfo extends DatasetSettings {
  readonly kind: 'neural-codec tokens';
  readonly version: 1;
  /** SHA-256 of the list of items it was made of. */
  readonly inputDigest: string;
  readonly frameRateHz: number;
  readonly nominalKbps: number;
  /** Streams of ids of each row. */
  readonly streams: number;
  /** Ids of the vocabulary are below it. */
  readonly vocabularyEnd: number;
  readonly specials: Readonly<Record<SpecialName, number>>;
  /** Rows. */
  readonly items: number;
  /** Items in errors.jsonl. */
  readonly errors: number;
  readonly durationSeconds: number;
  readonly frames: number;
  /** Codes: frames times codebooks. */
  readonly tokens: number;
  /** By codebook, over the whole dataset; absent where there are no frames. */
  readonly statistics?: CodebookUse;
  readonly shards: readonly ShardRecord[];
}

export function infoOfDataset(
  plan: DatasetSettings & { readonly inputDigest: string },
  states: readonly ShardState[],
): DatasetInfo {
  const { layout, vocabulary } = sequencerOf(plan);
  const counts = countsOf(plan, states);
  const sum = (value: (state: ShardState) => number) =>
    states.reduce((total, state) => total + value(state), 0);
  const frames = sum((state) => state.frames);
  const frameRateHz = plan.sampleRateHz / plan.hopLength;
  return {
    kind: 'neural-codec tokens',
    version: 1,
    ...plan,
    frameRateHz,
    nominalKbps: nominalKbps(plan.codebooks, { codebookSize: plan.codebookSize, frameRateHz }),
    streams: layout.streams,
    vocabularyEnd: vocabulary.end,
    specials: vocabulary.specials,
    items: sum((state) => state.items),
    errors: sum((state) => state.errors.length),
    durationSeconds: sum((state) => state.durationSeconds),
    frames,
    tokens: frames * plan.codebooks,
    ...(frames > 0 && { statistics: counts.use() }),
    shards: states.map(({ name, items, frames, durationSeconds, ids, bytes }) => ({
      ...{ name, items, frames, durationSeconds, ids, bytes },
    })),
  };
}

/** The dataset's description, if the folder holds a complete one. Throws `bad-tokens` for a file that is not one. */
export function readDatasetInfo(folder: string): DatasetInfo | undefined {
  const file = path.join(folder, INFO);
  if (!existsSync(file)) return undefined;
  try {
    const info = JSON.parse(readFileSync(file, 'utf8')) as DatasetInfo;
    if (info.kind === 'neural-codec tokens' && info.version === 1) return info;
  } catch {
    // Said below.
  }
  throw new CodecError('bad-tokens', {
    what: `cannot read ${file}`,
    expected: 'the description of a token dataset, version 1',
    remedy: 'Update neural-codec, or tokenize again.',
  });
}

/** Writes what tells people about the dataset: README.md, zipf.svg, token-counts.npy. */
export async function writeCard(
  folder: string,
  info: DatasetInfo,
  states: readonly ShardState[],
): Promise<void> {
  const { counts, codebooks, codebookSize } = countsOf(info, states);
  const flat = new Float64Array(codebooks * codebookSize);
  for (const [q, row] of counts.entries()) flat.set(row, q * codebookSize);
  const most = flat.reduce((max, count) => Math.max(max, count), 0);
  const file = await createAtomicFile(path.join(folder, 'token-counts.npy'), { force: true });
  try {
    await file.write(
      encodeNpy(
        [codebooks, codebookSize],
        flat.map((count) => Math.min(count, 2 ** 31 - 1)),
        'int32',
      ),
    );
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  const picture = most > 0 ? zipfPlot(counts) : undefined;
  if (picture) await writeFileAtomically(path.join(folder, 'zipf.svg'), picture, { force: true });
  await writeFileAtomically(path.join(folder, 'README.md'), cardText(info), { force: true });
}

function countsOf(settings: DatasetSettings, states: readonly ShardState[]): CodeCounts {
  const counts = new CodeCounts(settings);
  for (const state of states) counts.merge(state.counts);
  return counts;
}

/** The card, as model and dataset hubs show it. */
function cardText(info: DatasetInfo): string {
  const { statistics: use, format } = info;
  const hours = info.durationSeconds / 3600;
  const ids = info.specials;
  const facts = [
    ['recipe', [info.recipe, ...info.set].join(' ')],
    ['weights', info.fingerprint],
    ['items', `${info.items} (${info.errors} more could not be read: errors.jsonl)`],
    [
      'sound',
      `${hours.toFixed(3)} hours, ${info.sampleRateHz} Hz, ${info.channels} channel${info.channels > 1 ? 's' : ''}`,
    ],
    ['frames', `${info.frames} at ${info.frameRateHz} Hz, ${info.hopLength} samples each`],
    [
      'codes',
      `${info.tokens}: ${info.codebooks} codebooks of ${info.codebookSize}, nominal ${info.nominalKbps} kbps`,
    ],
    [
      'layout',
      `${info.layout}${info.delay === undefined ? '' : ` (delay ${info.delay})`}, ${info.streams} stream${info.streams > 1 ? 's' : ''}`,
    ],
    [
      'ids',
      `${info.baseId} to ${info.vocabularyEnd - 1}, ${info.shared ? 'the same' : 'its own'} for each codebook; bos ${ids.bos}, eos ${ids.eos}, pad ${ids.pad}, sep ${ids.sep}; ${info.intType}`,
    ],
    ['files', `${info.shards.length} shards, ${format}: ${shardFormats[format].about}`],
  ];
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const statistics = use
    ? [
        '## Use of codebooks',
        '',
        '| codebook | entries used | perplexity | normalised entropy |',
        '| ---: | ---: | ---: | ---: |',
        ...use.utilisation.map(
          (share, q) =>
            `| ${q} | ${percent(share)} | ${use.perplexity[q]!.toFixed(1)} | ${use.normalisedEntropy[q]!.toFixed(3)} |`,
        ),
        '',
        '![Frequency of codes by rank](zipf.svg)',
        '',
        '`token-counts.npy` has the counts behind it, [codebooks, entries].',
        '',
      ]
    : [];
  return [
    '---',
    'tags: [audio, speech, tokens, neural-codec]',
    '---',
    '',
    '# Audio tokens',
    '',
    '| | |',
    '| --- | --- |',
    ...facts.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    'Back to sound: `codec detokenize THIS_FOLDER -o WAVS`. Everything above, for programs: `dataset.json`.',
    '',
    ...statistics,
  ].join('\n');
}
