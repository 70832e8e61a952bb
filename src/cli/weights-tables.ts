import type { CommandModule } from 'yargs';
import { toHex } from '../bitstream/fields.ts';
import { loadRecipe } from '../recipe/load.ts';
import { loadWeights } from '../weights/store.ts';
import { replaceExtension, writeBytes } from './files.ts';
import {
  type CodecArgs,
  codecOptions,
  type JsonArgs,
  jsonOption,
  type OutputArgs,
  outputOptions,
} from './options.ts';

interface Args extends CodecArgs, JsonArgs, OutputArgs {
  recipe: string;
  data: string;
  hours: number;
}

export const weightsTablesCommand: CommandModule<object, Args> = {
  command: 'tables <recipe>',
  describe: "make a recipe's entropy coding tables from sound and write its weights with them",
  builder: (args) =>
    outputOptions(jsonOption(codecOptions(args)))
      .positional('recipe', {
        type: 'string',
        demandOption: true,
        describe: 'a recipe, whose weights are taken',
      })
      .option('data', { type: 'string', demandOption: true, describe: 'folder of sound files' })
      .option('hours', { type: 'number', default: 1, describe: 'hours of sound to take, at most' })
      .check(({ hours }) => {
        if (hours > 0) return true;
        throw new Error('--hours takes a number above 0');
      })
      .example(
        '$0 weights tables mel-24k --data speech --set weights=new.ncw -o models/mel-24k.ncw --force',
        '',
      )
      .version(false) as never,

  async handler(args) {
    const { data, output, force, json, quiet, hours } = args;
    const recipe = loadRecipe(args.recipe, args.set);
    const { file } = loadWeights(recipe.weights);
    const target = output ?? replaceExtension(file, '.ncw');
    // Training's modules are many: no other command should wait for them.
    const { makeTables } = await import('../training/make-tables.ts');
    const say = (text: string) => (quiet ? undefined : process.stderr.write(`${text}\n`));
    const startedAt = performance.now();
    const made = await makeTables({
      recipe,
      data,
      engine: args.engine,
      maxSeconds: 3600 * hours,
      onStage: say,
      onWarning: say,
    });
    await writeBytes(target, made.bytes, { force });
    const report = {
      output: target,
      bytes: made.bytes.length,
      audioSeconds: made.audioSeconds,
      fingerprint: toHex(made.fingerprint),
      seconds: (performance.now() - startedAt) / 1000,
    };
    const stream = target === '-' ? process.stderr : process.stdout;
    if (json) stream.write(`${JSON.stringify(report)}\n`);
    else if (!quiet) {
      stream.write(
        `${target}: ${report.bytes} bytes, tables from ${report.audioSeconds.toFixed(0)} s of sound, ` +
          `${report.fingerprint}, ${report.seconds.toFixed(0)} s\n`,
      );
    }
  },
};
