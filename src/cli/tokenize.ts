import os from 'node:os';
import type { CommandModule } from 'yargs';
import { defaultRecipe } from '../recipe/load.ts';
import { type ShardFormatName, shardFormatNames, shardFormats } from '../tokens/dataset/formats/catalogue.ts';
import { type LayoutName, layoutNames, layouts } from '../tokens/layouts/catalogue.ts';
import {
  type CodecArgs,
  codecOptions,
  engineOptions,
  type JsonArgs,
  jsonOption,
  wholeNumbers,
} from './options.ts';
import { terminalBar } from './report.ts';

interface Args extends CodecArgs, JsonArgs {
  input: string[];
  output: string;
  recipe: string | undefined;
  bitrate: number | undefined;
  codebooks: number | undefined;
  layout: LayoutName;
  delay: number | undefined;
  baseId: number;
  sharedIds: boolean | undefined;
  format: ShardFormatName;
  shardSize: number;
  workers: number;
  resume: boolean;
  quiet: boolean;
}

export const tokenizeCommand: CommandModule<object, Args> = {
  command: 'tokenize <input..>',
  describe: 'turn many sound files into a dataset of tokens for language models',
  builder: (args) =>
    jsonOption(codecOptions(args))
      .positional('input', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'sound files, folders, globs, or manifests (.jsonl or .csv: path, id, text, start, end)',
      })
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'folder of the dataset',
      })
      .option('recipe', {
        type: 'string',
        requiresArg: true,
        describe: 'a name of codec recipes, or a .yaml file; that of codec encode if not said',
      })
      .option('bitrate', { type: 'number', describe: "nominal kbps, one of the recipe's" })
      .option('codebooks', { type: 'number', describe: 'codebooks, instead of a bitrate' })
      .option('layout', { choices: layoutNames, default: 'parallel', describe: about(layouts) })
      .option('delay', {
        type: 'number',
        describe: 'for stack-delay and acoustic-delay: positions by which streams are late',
      })
      .option('base-id', {
        type: 'number',
        default: 0,
        describe: 'first id, e.g. the size of the text vocabulary to be extended',
      })
      .option('shared-ids', {
        type: 'boolean',
        describe: 'the same ids for all codebooks; if not said, where there are several streams',
      })
      .option('format', { choices: shardFormatNames, default: 'jsonl', describe: about(shardFormats) })
      .option('shard-size', { type: 'number', default: 1000, describe: 'items in a file' })
      .option('workers', {
        type: 'number',
        default: os.availableParallelism(),
        describe: 'processes at once, of one thread each',
      })
      .option('resume', { type: 'boolean', default: false, describe: 'go on with an unfinished dataset' })
      .option('quiet', { type: 'boolean', default: false, describe: 'print nothing but errors' })
      .check(({ bitrate, codebooks, delay, workers, ...rest }) => {
        if (bitrate !== undefined && codebooks !== undefined) {
          throw new Error('--bitrate and --codebooks say the same: give one of them');
        }
        if (!(Number.isSafeInteger(rest['base-id']) && rest['base-id'] >= 0)) {
          throw new Error('--base-id takes a whole number from 0');
        }
        return wholeNumbers({ codebooks, delay, workers, 'shard-size': rest['shard-size'] });
      })
      .example('$0 tokenize speech/ -o tokens --layout delay --format parquet', '')
      .version(false) as never,

  async handler(args) {
    const { bitrate, codebooks, delay, sharedIds, set, engine, workers } = args;
    const recipe = args.recipe ?? defaultRecipe('audio');
    const { tokenizeDataset } = await import('../tokens/dataset/tokenize-dataset.ts');
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const progress = itemProgress(args.quiet || args.json);
    try {
      const info = await tokenizeDataset({
        ...{ inputs: args.input, output: args.output, recipe, workers, resume: args.resume },
        ...{ layout: args.layout, baseId: args.baseId, format: args.format, shardSize: args.shardSize },
        ...(delay !== undefined && { delay }),
        ...(sharedIds !== undefined && { shared: sharedIds }),
        tokenizer: {
          ...{ set, engine, ...engineOptions(args) },
          ...(bitrate !== undefined && { bitrate }),
          ...(codebooks !== undefined && { codebooks }),
        },
        signal: stop.signal,
        onProgress: progress.update,
      });
      progress.stop();
      const { items, errors, frames, tokens, durationSeconds, audioSeconds, seconds } = info;
      const audioHoursPerHour = seconds > 0 ? audioSeconds / seconds : 0;
      if (args.json) {
        const counts = { items, errors, frames, tokens, durationSeconds, shards: info.shards.length };
        const speed = { audioSeconds, wallSeconds: seconds, audioHoursPerHour };
        process.stdout.write(`${JSON.stringify({ output: args.output, ...counts, ...speed })}\n`);
      } else if (!args.quiet) {
        process.stdout.write(
          `${args.output}: ${items} items, ${(durationSeconds / 3600).toFixed(3)} hours, ${tokens} tokens in ${info.shards.length} shards; ` +
            `${(audioSeconds / 3600).toFixed(3)} hours in ${seconds.toFixed(1)} s now, ${audioHoursPerHour.toFixed(1)} audio-hours per hour\n`,
        );
      }
      if (errors > 0 && !args.quiet && !args.json) {
        process.stderr.write(
          `codec: ${errors} items could not be tokenized: ${args.output}/errors.jsonl says why\n`,
        );
      }
    } finally {
      progress.stop();
    }
  },
};

function about(catalogue: Readonly<Record<string, { readonly about: string }>>): string {
  return Object.entries(catalogue)
    .map(([name, { about }]) => `${name}: ${about}`)
    .join('; ');
}

/** A bar with speed and time left on a terminal; elsewhere a line for each shard. */
function itemProgress(quiet: boolean) {
  const bar = terminalBar(
    '{bar} {value}/{total} items | {speed} audio-hours/s | {left} left | {errors} errors',
    { quiet },
  );
  return {
    update({ items, totalItems, errors, audioSeconds, itemsNow, seconds, shard }: Progress) {
      const speed = (audioSeconds / 3600 / Math.max(seconds, 1e-3)).toFixed(4);
      const left = itemsNow > 0 ? duration(((totalItems - items) * seconds) / itemsNow) : '?';
      bar.update(items, totalItems, { speed, left, errors });
      if (!quiet && !bar.shown && shard) {
        process.stderr.write(
          `${shard.name}: ${items}/${totalItems} items, ${errors} errors, ${speed} audio-hours/s, ${left} left\n`,
        );
      }
    },
    stop: bar.stop,
  };
}

interface Progress {
  readonly items: number;
  readonly totalItems: number;
  readonly errors: number;
  readonly audioSeconds: number;
  readonly itemsNow: number;
  readonly seconds: number;
  readonly shard?: { readonly name: string };
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return `${h}:${two(m)}:${two(s)}`;
}
