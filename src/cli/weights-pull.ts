import path from 'node:path';
import type { CommandModule } from 'yargs';
import { pullWeights } from '../recipe/pull-weights.ts';
import { modelsFolder } from '../weights/folders.ts';
import { type JsonArgs, jsonOption } from './options.ts';
import { terminalBar } from './report.ts';
import { printImported } from './weights-import.ts';

interface Args extends JsonArgs {
  name: string;
  force: boolean;
  quiet: boolean;
}

export const weightsPullCommand: CommandModule<object, Args> = {
  command: 'pull <name>',
  describe: 'fetch weights into the cache; a download that broke off goes on where it was',
  builder: (args) =>
    jsonOption(args)
      .positional('name', { type: 'string', demandOption: true, describe: 'a name of codec weights list' })
      .option('force', { type: 'boolean', default: false, describe: 'fetch again what is here' })
      .option('quiet', { type: 'boolean', default: false, describe: 'print nothing but errors' })
      .epilogue(
        'NEURAL_CODEC_CACHE: folder of the cache. HF_ENDPOINT: a mirror of the hub. HF_TOKEN: for gated repositories.',
      )
      .version(false) as never,

  async handler({ name, force, quiet, json }) {
    const bar = downloadBar(quiet);
    const { file, imported } = await pullWeights(name, { force, onProgress: bar.update }).finally(bar.stop);
    if (imported && (json || !quiet)) printImported(imported, json);
    else if (json) process.stdout.write(`${JSON.stringify({ name, file })}\n`);
    else if (!quiet) {
      const shipped = path.dirname(file) === modelsFolder;
      const more = shipped ? ', with the package' : '; --force fetches it again';
      process.stdout.write(`${file} is here already${more}\n`);
    }
  },
};

/** A progress bar on stderr in megabytes; none when stderr is not a terminal. */
function downloadBar(quiet: boolean) {
  const bar = terminalBar('{bar} {percentage}% | {value}/{total} MB | {eta_formatted} left', {
    quiet,
    formatValue: (value, _, type) =>
      type === 'value' || type === 'total' ? (value / 1e6).toFixed(1) : String(value),
  });
  return {
    update: (doneBytes: number, totalBytes: number | undefined) =>
      bar.update(doneBytes, totalBytes ?? doneBytes),
    stop: bar.stop,
  };
}
