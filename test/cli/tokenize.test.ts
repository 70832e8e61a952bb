import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readAudio } from '../../src/media/audio-file.ts';
import {
  detokenize,
  fromTokenizerJson,
  openTokenDataset,
  type TokenizeOptions,
  type TokenRow,
  tokenizeDataset,
} from '../../src/tokens/index.ts';
import { codec, failureOf, jsonOf, start } from './command.ts';
import { chirp, freshFolders, namesIn, randomWeights, wavBytes } from './fixtures.ts';

const folder = freshFolders();
const at = (...names: string[]) => path.join(folder(), ...names);

/** Sound files of different lengths, one of them empty, and one that is no sound. */
function writeSounds(count: number): void {
  mkdirSync(at('sounds', 'more'), { recursive: true });
  for (let i = 0; i < count; i++) {
    const name = i % 2 ? `s${i}.wav` : `more/s${i}.wav`;
    writeFileSync(at('sounds', name), wavBytes(chirp(2000 + 700 * i)));
  }
  writeFileSync(at('sounds', 'empty.wav'), wavBytes([]));
  writeFileSync(at('sounds', 'text.wav'), 'this is no sound');
}

async function rowsIn(dataset: string): Promise<TokenRow[]> {
  const rows: TokenRow[] = [];
  for await (const row of openTokenDataset(at(dataset)).rows()) rows.push(row);
  return rows;
}

/** All files of a folder with their bytes. */
const contents = (dataset: string) =>
  Object.fromEntries(
    readdirSync(at(dataset), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.endsWith('state'))
      .sort()
      .map((name) => [name, readFileSync(at(dataset, name)).toString('base64')]),
  );

const linesOf = (...names: string[]) =>
  readFileSync(at(...names), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const options = (output: string, more: Partial<TokenizeOptions> = {}): TokenizeOptions => ({
  inputs: [at('sounds')],
  output: at(output),
  recipe: at('tiny.yaml'),
  tokenizer: { codebooks: 3, threads: 1 },
  shardSize: 3,
  ...more,
});

describe('codec tokenize', { timeout: 300_000 }, () => {
  it('a folder: rows, bad files, the card, and back to sound', async () => {
    writeSounds(5);
    const made = jsonOf(
      await codec(
        folder(),
        ...[
          'tokenize',
          'sounds',
          '-o',
          'out',
          '--recipe',
          'tiny.yaml',
          '--codebooks',
          '3',
          '--layout',
          'delay',
        ],
        ...['--shard-size', '4', '--workers', '2', '--json'],
      ),
    );
    expect(made).toMatchObject({ output: 'out', items: 5, errors: 2, shards: 2 });
    expect(made.audioHoursPerHour).toBeGreaterThan(0);
    const rows = await rowsIn('out');
    expect(rows.map(({ id }) => id)).toEqual(['more/s0', 'more/s2', 'more/s4', 's1', 's3']);
    const { info, sequencer } = openTokenDataset(at('out'));
    expect(info).toMatchObject({
      layout: 'delay',
      streams: 3,
      intType: 'uint16',
      shared: true,
      frameRateHz: 75,
    });
    expect(made.tokens).toBe(rows.reduce((sum, row) => sum + 3 * row.frames, 0));
    expect(linesOf('out', 'errors.jsonl')).toEqual([
      {
        id: 'empty',
        path: 'sounds/empty.wav',
        code: 'bad-audio',
        message: expect.stringContaining('no samples'),
      },
      { id: 'text', path: 'sounds/text.wav', code: 'bad-audio', message: expect.any(String) },
    ]);
    expect(namesIn(at('out'))).toEqual([
      ...['README.md', 'dataset.json', 'errors.jsonl', 'shard-00000.jsonl', 'shard-00001.jsonl'],
      ...['token-counts.npy', 'zipf.svg'],
    ]);
    const card = readFileSync(at('out', 'README.md'), 'utf8');
    for (const fact of [info.fingerprint, 'tiny.yaml', 'normalised entropy', '5 (2 more'])
      expect(card).toContain(fact);
    expect(readFileSync(at('out', 'zipf.svg'), 'utf8').match(/<polyline/g)).toHaveLength(3);

    const heard = jsonOf(await codec(folder(), 'detokenize', 'out', '-o', 'heard', '--json'));
    expect(heard).toMatchObject({ rows: 5, errors: 0 });
    for (const [i, { id, tokens, durationSeconds }] of rows.entries()) {
      const { channels } = await readAudio(at('heard', `${id}.wav`));
      expect(channels[0]).toHaveLength(2000 + 700 * [0, 2, 4, 1, 3][i]!);
      expect(channels[0]!.length).toBe(Math.round(durationSeconds * 24000));
      expect(sequencer.decode(tokens)).toHaveLength(3);
    }
    // A language model's output: one good, one cut, one with an id that is none, one named to lie elsewhere.
    const good = rows[1]!.tokens.map((ids) => Array.from(ids));
    const generated = [
      { id: 'good', tokens: good },
      { id: 'cut', tokens: good.map((ids) => ids.slice(0, 6)) },
      { id: 'wrong', tokens: good.map((ids) => ids.with(4, 99999)) },
      { id: '../elsewhere', tokens: good },
    ];
    writeFileSync(at('generated.jsonl'), generated.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const input = at('generated.jsonl');
    const strict = await detokenize({ input, dataset: at('out'), output: at('strict') });
    expect(strict.errorList.map(({ id, code }) => [id, code])).toEqual([
      ...[
        ['cut', 'bad-tokens'],
        ['wrong', 'bad-tokens'],
        ['../elsewhere', 'bad-tokens'],
      ],
    ]);
    expect(linesOf('strict', 'errors.jsonl')).toEqual(strict.errorList);
    const args = ['--dataset', 'out', '-o', 'prefix', '--prefix', '--json'];
    expect(jsonOf(await codec(folder(), 'detokenize', input, ...args))).toMatchObject({ rows: 4, errors: 1 });
    expect((await readAudio(at('prefix', 'cut.wav'))).channels[0]).toHaveLength(4 * 320);
    expect((await readAudio(at('prefix', 'wrong.wav'))).channels[0]).toHaveLength(2 * 320);
    expect(existsSync(at('elsewhere.wav'))).toBe(false);
  });

  it('goes on after being killed, again and again, and loses or doubles nothing', async () => {
    writeSounds(14);
    const command = (output: string) => [
      'tokenize',
      'sounds',
      '-o',
      output,
      '--recipe',
      'tiny.yaml',
      '--codebooks',
      '2',
      '--shard-size',
      '2',
      '--workers',
      '2',
    ];
    jsonOf(await codec(folder(), ...command('whole'), '--json'));
    const wanted = [1, 3, 6];
    for (const shards of wanted) {
      const { child, outcome } = await start(folder(), ...command('killed'), '--resume');
      const there = () =>
        existsSync(at('killed')) ? namesIn(at('killed')).filter((name) => /^shard-/.test(name)).length : 0;
      // Files that are being written count: a kill may come at any point.
      while (there() < shards && child.exitCode === null) await sleep(2);
      child.kill('SIGKILL');
      const { signal } = await outcome;
      expect(signal).toBe('SIGKILL');
      expect(existsSync(at('killed', 'dataset.json'))).toBe(false);
    }
    jsonOf(await codec(folder(), ...command('killed'), '--resume', '--json'));
    expect(contents('killed')).toEqual(contents('whole'));
    const ids = (await rowsIn('killed')).map(({ id }) => id);
    expect(new Set(ids).size).toBe(14);
    expect(ids).toHaveLength(14);
  });

  it('stops on Ctrl-C with a word on how to go on', async () => {
    // So many that not all are done when the signal comes, however busy the machine.
    writeSounds(60);
    const command = [
      'tokenize',
      'sounds',
      '-o',
      'out',
      '--recipe',
      'tiny.yaml',
      '--codebooks',
      '2',
      '--shard-size',
      '1',
    ];
    const { child, outcome } = await start(folder(), ...command, '--workers', '2');
    while (!existsSync(at('out', 'state', 'shard-00000.json')) && child.exitCode === null) await sleep(2);
    child.kill('SIGINT');
    const { status, stderr } = await outcome;
    expect(status).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^codec: stopped; .*--resume\.$/);
    expect(failureOf(await codec(folder(), ...command))).toContain('Add --resume');
    expect(jsonOf(await codec(folder(), ...command, '--resume', '--json'))).toMatchObject({
      items: 60,
      errors: 2,
    });
  });

  it('wrong usage', async () => {
    writeSounds(1);
    const fails = async (status: 1 | 2, ...args: string[]) =>
      failureOf(
        await codec(folder(), 'tokenize', 'sounds', '-o', 'out', '--recipe', 'tiny.yaml', ...args),
        status,
      );
    expect(await fails(2, '--bitrate', '3', '--codebooks', '2')).toContain('give one of them');
    expect(await fails(2, '--layout', 'zigzag')).toContain('zigzag');
    expect(await fails(2, '--shard-size', '0')).toContain('--shard-size takes a whole number');
    expect(await fails(1, '--codebooks', '99')).toContain('expected 1 to 16');
    expect(failureOf(await codec(folder(), 'detokenize', '.', '-o', 'x'))).toContain('no token dataset');
  });
});

describe('tokenizeDataset', { timeout: 120_000 }, () => {
  it('whatever point a run ended at, goes on to the same files', async () => {
    writeSounds(7);
    await tokenizeDataset(options('whole'));
    const whole = contents('whole');
    const stopAfter = async (items: number) => {
      rmSync(at('part'), { recursive: true, force: true });
      const stop = new AbortController();
      const onProgress = ({ itemsNow }: { itemsNow: number }) => itemsNow === items && stop.abort();
      const run = tokenizeDataset(options('part', { signal: stop.signal, onProgress }));
      await expect(run).rejects.toMatchObject({ code: 'interrupted' });
    };
    const ends: (() => void)[] = [
      () => {},
      // Between a shard's file and its state.
      () => rmSync(at('part', 'state', 'shard-00001.json'), { force: true }),
      // In the midst of writing one or the other.
      () => writeFileSync(at('part', 'shard-00002.jsonl.0123456789ab.tmp'), '{"id'),
      () => writeFileSync(at('part', 'state', 'shard-00002.json.0123456789ab.tmp'), '{'),
      // A lock of a process that is gone.
      () => writeFileSync(at('part', '.lock'), '999999999'),
    ];
    for (const [i, end] of ends.entries()) {
      await stopAfter([0, 6, 7, 3, 5][i]!);
      end();
      await tokenizeDataset(options('part', { resume: true }));
      expect(contents('part')).toEqual(whole);
    }
    // After all but the folder of states was done with.
    mkdirSync(at('part', 'state'));
    writeFileSync(at('part', 'state', 'shard-00000.json'), '{}');
    expect(await tokenizeDataset(options('part', { resume: true }))).toMatchObject({ items: 7, seconds: 0 });
    expect(contents('part')).toEqual(whole);
  });

  it('will not mix two datasets', async () => {
    writeSounds(2);
    await tokenizeDataset(options('out'));
    await expect(tokenizeDataset(options('out'))).rejects.toMatchObject({ code: 'output-exists' });
    const other = (more: Partial<TokenizeOptions>) =>
      tokenizeDataset(options('out', { resume: true, ...more }));
    await expect(other({ layout: 'delay' })).rejects.toThrow(
      'begun with other layout: found "delay", expected "parallel"',
    );
    await expect(other({ inputs: [at('sounds', 's1.wav')] })).rejects.toThrow('begun with other inputs');
    writeFileSync(at('tiny.safetensors'), randomWeights(at('tiny.yaml'), 2));
    await expect(other({})).rejects.toThrow('begun with other fingerprint');
    const refused = await codec(folder(), 'detokenize', 'out', '-o', 'x');
    expect(failureOf(refused)).toContain('made with other weights');
  });

  it('manifests: ids, texts and parts', async () => {
    writeSounds(2);
    writeFileSync(
      at('list.csv'),
      'path,id,text,start,end,speaker\nsounds/s1.wav,first,one two,,0.05,x\nsounds/s1.wav,second,,0.05,,y\n',
    );
    await tokenizeDataset(options('out', { inputs: [at('list.csv')], format: 'parquet', layout: 'flatten' }));
    expect(await rowsIn('out')).toEqual([
      {
        id: 'first',
        source: 's1.wav',
        text: 'one two',
        endSeconds: 0.05,
        durationSeconds: 0.05,
        frames: 4,
        metadata: { speaker: 'x' },
        tokens: [expect.any(Int32Array)],
      },
      {
        id: 'second',
        source: 's1.wav',
        startSeconds: 0.05,
        durationSeconds: 0.0625,
        frames: 5,
        metadata: { speaker: 'y' },
        tokens: [expect.any(Int32Array)],
      },
    ]);
  });

  it('pieces learnt from a dataset, as a tokenizer.json', async () => {
    writeSounds(4);
    await tokenizeDataset(options('flat', { layout: 'flatten', tokenizer: { codebooks: 1, threads: 1 } }));
    const made = jsonOf(await codec(folder(), 'bpe', 'flat', '--size', '1040', '-o', 't.json', '--json'));
    expect(made).toMatchObject({ output: 't.json', trained: { ids: expect.any(Number) } });
    const json = JSON.parse(readFileSync(at('t.json'), 'utf8'));
    const bpe = fromTokenizerJson(json);
    expect(made.merges).toBe(bpe.merges.length);
    expect(made.ids).toBe(bpe.end);
    for (const { tokens } of await rowsIn('flat')) {
      expect(bpe.decode(bpe.encode(tokens[0]!))).toEqual(tokens[0]);
    }
    await tokenizeDataset(options('delay', { layout: 'delay' }));
    const refused = await codec(folder(), 'bpe', 'delay', '--size', '1040', '-o', 'd.json');
    expect(failureOf(refused)).toContain('rows of 3 streams, none of them chosen');
    expect(failureOf(await codec(folder(), 'bpe', 'flat', '--size', '9', '-o', 'd.json'))).toContain(
      'more than',
    );
  });

  it('codecs of segments keep what decoding needs', async () => {
    writeSounds(2);
    const framing = '{ type: segments, lengthSeconds: 0.05, overlap: 0.1, normalize: true }';
    writeFileSync(
      at('segments.yaml'),
      `extends: tiny.yaml\nframing: ${framing}\nweights: tiny.safetensors\n`,
    );
    const recipe = at('segments.yaml');
    for (const format of ['npy', 'parquet'] as const) {
      await tokenizeDataset(options(format, { recipe, format }));
      const done = await detokenize({ input: at(format), output: at(`${format}-wavs`) });
      expect(done).toMatchObject({ rows: 2, errors: 0 });
      expect((await readAudio(at(`${format}-wavs`, 's1.wav'))).channels[0]).toHaveLength(2700);
    }
  });
});
