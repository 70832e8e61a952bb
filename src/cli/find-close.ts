import type { Argv, CommandModule } from 'yargs';
import { jsonOption } from './options.ts';

interface Args {
  input: string[];
  system: string;
  target: string;
  json: boolean;
}

export const findCloseCommand: CommandModule<object, Args> = {
  command: 'find-close <input..>',
  describe: "find a codec's setting whose rate or quality comes closest to a value",
  builder: (async (args: Argv) => {
    const { baselineNames, metricNames } = await import('../../eval/index.ts');
    return jsonOption(args)
      .positional('input', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'files, folders, manifests',
      })
      .option('system', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: `a recipe, or one of ${baselineNames.join(', ')}`,
      })
      .option('target', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: `NAME=NUMBER: rate (kbps or bits per pixel) or one of ${metricNames.join(', ')}`,
      })
      .example('$0 find-close photo.png --system jpeg --target psnr=35', '')
      .version(false);
  }) as never,

  async handler({ input, system, target, json }) {
    const { findClose, parseTarget } = await import('../../eval/index.ts');
    const wanted = parseTarget(target);
    const found = await findClose({ inputs: input, system, ...wanted });
    if (json) {
      process.stdout.write(`${JSON.stringify(found)}\n`);
      return;
    }
    const reached = wanted.target === 'rate' ? '' : `, ${wanted.target} ${found.reached.toFixed(3)}`;
    process.stdout.write(`${found.system}: ${found.rate.toFixed(3)} ${found.unit}${reached}\n`);
  },
};
