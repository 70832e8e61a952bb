import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { toHex } from '../../bitstream/fields.ts';
import { CodecError } from '../../core/errors.ts';
import { writeFileAtomically } from '../../media/atomic-file.ts';
import { writeAudio } from '../../media/audio-file.ts';
import type { SampleFormat } from '../../media/audio-stream.ts';
import type { LoadOptions } from '../../recipe/codec.ts';
import { AudioTokenizer } from '../audio-tokenizer.ts';
import type { ParseOptions, TokenSequencer } from '../sequencer.ts';
import { jsonl } from './formats/jsonl.ts';
import { describeError, type ItemError } from './item-encoder.ts';
import { openTokenDataset } from './read-dataset.ts';
import type { TokenRow } from './row.ts';
import { isRecipeFile } from './settings.ts';

export interface DetokenizeOptions extends Omit<LoadOptions, 'set'>, ParseOptions {
  /** A dataset's folder, or a .jsonl file of rows `{"id", "tokens"}` such as a language model's output. */
  readonly input: string;
  /** Folder of WAV files, `ID.wav`. */
  readonly output: string;
  /** For a file of rows: the dataset whose recipe, layout and ids they have. */
  readonly dataset?: string;
  /** The recipe, where the dataset's is a file that is elsewhere now. */
  readonly recipe?: string;
  readonly format?: SampleFormat;
  /** Replace files that are there. */
  readonly force?: boolean;
  /** Leave out what is there. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly onRow?: (progress: DetokenizeProgress) => void;
}

export interface DetokenizeProgress {
  readonly rows: number;
  /** Rows in all, where that is known. */
  readonly totalRows?: number;
  readonly errors: number;
  readonly audioSeconds: number;
}

/**
 * Decodes rows of tokens to sound files. Rows that are no sequence of the dataset's layout go to `errors.jsonl` in the output,
 * unless `invalid` is `prefix` and some of their frames are complete.
 * @throws `bad-tokens` for a dataset of other weights than are here, `output-exists`, `interrupted`
 */
export async function detokenize(
  options: DetokenizeOptions,
): Promise<DetokenizeProgress & { errorList: ItemError[] }> {
  const { input, output, force = false, resume = false, invalid, format, signal, onRow, ...load } = options;
  const isFile = /\.jsonl$/i.test(input);
  const folder = isFile ? (options.dataset ?? path.dirname(input)) : input;
  const dataset = openTokenDataset(folder);
  const { info, sequencer } = dataset;
  const recipe = isRecipeFile(info.recipe) ? path.resolve(folder, info.recipe) : info.recipe;
  const tokenizer = await AudioTokenizer.load(options.recipe ?? recipe, {
    ...load,
    set: info.set,
    codebooks: info.codebooks,
  });
  try {
    assertFingerprint(tokenizer, info.fingerprint);
    mkdirSync(output, { recursive: true });
    const errors: ItemError[] = [];
    let [rows, audioSeconds] = [0, 0];
    const progress = (): DetokenizeProgress => ({
      ...{ rows, errors: errors.length, audioSeconds },
      ...(!isFile && { totalRows: info.items }),
    });
    for await (const row of isFile ? jsonl.read(() => readFile(input)) : dataset.rows()) {
      if (signal?.aborted) throw interrupted(output);
      try {
        const file = fileOf(output, row.id);
        if (!(resume && existsSync(file))) {
          audioSeconds += await writeRow(file, row, { tokenizer, sequencer }, { invalid, format, force });
        }
      } catch (error) {
        if (error instanceof CodecError && error.code === 'output-exists') throw error;
        errors.push({ id: row.id, path: row.source ?? '', ...describeError(error) });
      }
      rows++;
      onRow?.(progress());
    }
    const file = path.join(output, 'errors.jsonl');
    if (errors.length > 0) {
      await writeFileAtomically(file, errors.map((error) => `${JSON.stringify(error)}\n`).join(''), {
        force: true,
      });
    }
    return { ...progress(), errorList: errors };
  } finally {
    await tokenizer.dispose();
  }
}

interface Decoding {
  readonly tokenizer: AudioTokenizer;
  readonly sequencer: TokenSequencer;
}

interface Writing {
  readonly invalid: ParseOptions['invalid'];
  readonly format: SampleFormat | undefined;
  readonly force: boolean;
}

/** Writes one row's sound; gives its length in seconds. */
async function writeRow(
  file: string,
  row: TokenRow,
  { tokenizer, sequencer }: Decoding,
  { invalid, format, force }: Writing,
): Promise<number> {
  const codes = sequencer.decode(row.tokens, invalid ? { invalid } : {});
  const frames = codes[0]!.length;
  const { frameRateHz, codebookSize, sampleRateHz } = tokenizer;
  const whole = frames === row.frames;
  const sound = await tokenizer.decode({
    codes,
    frameRateHz,
    codebookSize,
    durationSeconds: whole ? row.durationSeconds : frames / frameRateHz,
    ...(row.segments && { segments: row.segments }),
  });
  mkdirSync(path.dirname(file), { recursive: true });
  await writeAudio(file, sound, { force, ...(format && { format }) });
  return sound.channels[0]!.length / sampleRateHz;
}

/** Where a row's sound goes: ids may name folders, but none outside the output. */
function fileOf(output: string, id: string): string {
  const file = path.resolve(output, `${id}.wav`);
  const relative = path.relative(path.resolve(output), file);
  if (typeof id === 'string' && id !== '' && !relative.startsWith('..') && !path.isAbsolute(relative))
    return file;
  throw new CodecError('bad-tokens', {
    what: 'cannot name a file after this row',
    found: `the id ${JSON.stringify(id)}`,
    expected: 'a name below the output folder',
  });
}

function assertFingerprint({ codec }: AudioTokenizer, expected: string): void {
  const found = toHex(codec.parts.fingerprint);
  if (found === expected) return;
  throw new CodecError('bad-tokens', {
    what: `the dataset was made with other weights than ${codec.parts.name} has here`,
    found: `fingerprint ${found}`,
    expected,
    remedy: 'Get the weights it was made with, or tokenize again.',
  });
}

function interrupted(output: string): CodecError {
  return new CodecError('interrupted', {
    what: `stopped; the files that are complete are in ${output}`,
    remedy: 'Go on with --resume.',
  });
}
