import type { Argv, CommandModule } from 'yargs';
import { parseMetricNames, splitList } from './metric-names.ts';
import { jsonOption } from './options.ts';
import { terminalBar } from './report.ts';

interface Args {
  input: string[];
  recipes: string | undefined;
  baselines: string | undefined;
  metrics: string | undefined;
  anchor: string | undefined;
  jobs: number;
  samples: number;
  resume: boolean;
  output: string;
  quiet: boolean;
  json: boolean;
}

export const evalCommand: CommandModule<object, Args> = {
  command: 'eval <input..>',
  describe: 'code many files with many codecs, measure, and write tables and a report',
  builder: (async (args: Argv) => {
    const { baselineNames, metricNames } = await import('../../eval/index.ts');
    return jsonOption(args)
      .positional('input', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'files, folders, or a manifest (.jsonl or .csv with a column path)',
      })
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'folder of results',
      })
      .option('recipes', {
        type: 'string',
        requiresArg: true,
        describe:
          'separated by commas: NAME, NAME@bitrate=3, NAME@all, NAME@bitrate=3:path=value; of those fitted to each signal NAME@quality=50, NAME@bpp=0.25',
      })
      .option('baselines', {
        type: 'string',
        requiresArg: true,
        describe: `separated by commas: opus@6, jpeg@q=30, x264@all, …; there are ${baselineNames.join(', ')}`,
      })
      .option('metrics', {
        type: 'string',
        requiresArg: true,
        describe: `some of ${metricNames.join(', ')}; all that fit if not said`,
      })
      .option('anchor', {
        type: 'string',
        requiresArg: true,
        describe: 'what BD-rate compares with, e.g. opus; the first baseline if not said',
      })
      .option('jobs', { type: 'number', default: 1, describe: 'processes at once' })
      .option('samples', { type: 'number', default: 2, describe: 'items shown in the report, per medium' })
      .option('resume', {
        type: 'boolean',
        default: false,
        describe: 'go on with the results and unfinished fits in the folder',
      })
      .option('quiet', { type: 'boolean', default: false, describe: 'print nothing but errors' })
      .example('$0 eval clips/ --recipes encodec-24k@all --baselines opus@6,opus@12 -o out', '')
      .version(false);
  }) as never,

  async handler(args) {
    const { evaluate, summaryToMarkdown } = await import('../../eval/index.ts');
    const names = await parseMetricNames(args.metrics);
    const progress = rowProgress(args.quiet);
    try {
      const { rows, summary, notes } = await evaluate({
        inputs: args.input,
        output: args.output,
        recipes: splitList(args.recipes),
        baselines: splitList(args.baselines),
        jobs: args.jobs,
        samples: args.samples,
        resume: args.resume,
        ...(names && { metrics: names }),
        ...(args.anchor !== undefined && { anchor: args.anchor }),
        onProgress: progress.update,
      });
      progress.stop();
      const failed = rows.filter((row) => row.error).length;
      if (args.json) {
        const { output } = args;
        process.stdout.write(`${JSON.stringify({ output, rows: rows.length, failed, notes })}\n`);
        return;
      }
      if (args.quiet) return;
      for (const note of notes) process.stderr.write(`codec: ${note}\n`);
      process.stdout.write(`${summaryToMarkdown(summary)}\n${rows.length} rows, ${failed} failed; `);
      process.stdout.write(`${args.output}/report.html shows them\n`);
    } finally {
      progress.stop();
    }
  },
};

/** A bar with the time left on a terminal; elsewhere only what failed. */
function rowProgress(quiet: boolean) {
  const bar = terminalBar('{bar} {value}/{total} rows | {eta_formatted} left | {row}', {
    quiet,
    etaBuffer: 50,
  });
  return {
    update({ done, total, row }: Progress) {
      const failure = row?.error ?? Object.values(row?.failures ?? {})[0];
      if (row && failure && !quiet)
        process.stderr.write(`codec: ${row.item} with ${row.system}: ${failure.message}\n`);
      bar.update(done, total, { row: row ? `${row.system} ${row.item}` : '' });
    },
    stop: bar.stop,
  };
}

interface Progress {
  readonly done: number;
  readonly total: number;
  readonly row?: {
    readonly item: string;
    readonly system: string;
    readonly error?: { readonly message: string };
    readonly failures: Readonly<Record<string, { readonly message: string }>>;
  };
}
