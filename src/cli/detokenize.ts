import type { CommandModule } from 'yargs';
import { CodecError } from '../core/errors.ts';
import { type ComputeArgs, computeOptions, engineOptions, type JsonArgs, jsonOption } from './options.ts';
import { progressBar } from './report.ts';

interface Args extends ComputeArgs, JsonArgs {
  input: string;
  output: string;
  dataset: string | undefined;
  recipe: string | undefined;
  prefix: boolean;
  format: 'pcm16' | 'pcm24' | 'float32';
  force: boolean;
  resume: boolean;
  quiet: boolean;
}

export const detokenizeCommand: CommandModule<object, Args> = {
  command: 'detokenize <input>',
  describe: 'turn a dataset of tokens, or what a language model made of it, back into sound',
  builder: (args) =>
    jsonOption(computeOptions(args))
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: 'folder of codec tokenize, or a .jsonl file of rows {"id", "tokens": [[ids], …]}',
      })
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'folder of WAV files',
      })
      .option('dataset', {
        type: 'string',
        requiresArg: true,
        describe: 'for a .jsonl file: the dataset whose layout it has; the folder it lies in if not said',
      })
      .option('recipe', {
        type: 'string',
        requiresArg: true,
        describe: 'the .yaml file of a recipe that is not of this package',
      })
      .option('prefix', {
        type: 'boolean',
        default: false,
        describe: 'of rows that are no complete sequence, decode the frames before the first wrong id',
      })
      .option('format', {
        choices: ['pcm16', 'pcm24', 'float32'],
        default: 'pcm16',
        describe: 'samples of the WAVs',
      })
      .option('force', { type: 'boolean', default: false, describe: 'replace files that exist' })
      .option('resume', { type: 'boolean', default: false, describe: 'leave out what exists' })
      .option('quiet', { type: 'boolean', default: false, describe: 'print nothing but errors' })
      .example('$0 detokenize tokens -o wavs', '')
      .version(false) as never,

  async handler(args) {
    const { detokenize } = await import('../tokens/dataset/detokenize.ts');
    const { input, output, dataset, recipe, force, resume, format, quiet, json } = args;
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    let bar: ReturnType<typeof progressBar> | undefined;
    const { rows, audioSeconds, errorList } = await detokenize({
      ...{ input, output, force, resume, format, engine: args.engine, ...engineOptions(args) },
      ...(dataset !== undefined && { dataset }),
      ...(recipe !== undefined && { recipe }),
      ...(args.prefix && { invalid: 'prefix' as const }),
      signal: stop.signal,
      onRow(progress) {
        bar ??= progressBar({ total: progress.totalRows, from: 5, unit: 'rows' }, { quiet: quiet || json });
        bar.update(progress.rows);
      },
    }).finally(() => bar?.stop());
    if (rows > 0 && errorList.length === rows) {
      throw new CodecError('bad-tokens', {
        what: `no row of ${input} could be decoded; the first: ${errorList[0]!.message.replace(/\.$/, '')}`,
      });
    }
    if (json) {
      process.stdout.write(`${JSON.stringify({ output, rows, errors: errorList.length, audioSeconds })}\n`);
      return;
    }
    if (quiet) return;
    process.stdout.write(
      `${output}: ${rows - errorList.length} files, ${audioSeconds.toFixed(1)} s of sound now\n`,
    );
    if (errorList.length > 0) {
      process.stderr.write(
        `codec: ${errorList.length} rows could not be decoded: ${output}/errors.jsonl says why\n`,
      );
    }
  },
};
