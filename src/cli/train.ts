import { existsSync } from 'node:fs';
import path from 'node:path';
import type { CommandModule } from 'yargs';
import { CodecError } from '../core/errors.ts';
import { createEngine } from '../engine/catalogue.ts';
import { loadRecipe } from '../recipe/load.ts';
import { type ObjectiveName, objectiveNames, objectives } from '../training/objectives.ts';
import { type CodecArgs, codecOptions, engineOptions, wholeNumbers } from './options.ts';

interface Args extends CodecArgs {
  recipe: string;
  objective: ObjectiveName;
  data: string;
  out: string;
  steps: number;
  resume: boolean;
  from: string | undefined;
  seed: number;
  validateEvery: number;
  saveEvery: number;
}

export const trainCommand: CommandModule<object, Args> = {
  command: 'train <recipe>',
  describe: 'train the weights of a recipe',
  builder: (args) =>
    codecOptions(args)
      .positional('recipe', { type: 'string', demandOption: true })
      .option('objective', {
        choices: objectiveNames,
        default: objectiveNames[0],
        describe: `what of it to train: ${objectiveNames.map((name) => `${name} (${objectives[name].about})`).join(', ')}`,
      })
      .option('data', { type: 'string', demandOption: true, describe: 'folder of sound files' })
      .option('steps', {
        type: 'number',
        demandOption: true,
        describe: 'steps in all, those before --resume counted',
      })
      .option('out', {
        type: 'string',
        demandOption: true,
        describe: 'folder of the run: checkpoint and log',
      })
      .option('resume', { type: 'boolean', default: false, describe: 'go on from the checkpoint in --out' })
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe: 'weights to start from: a name, or a .safetensors file',
      })
      .option('seed', { type: 'number', default: 1, describe: 'of all that is random' })
      .option('validate-every', { type: 'number', default: 500, describe: 'steps between validations' })
      .option('save-every', { type: 'number', default: 250, describe: 'steps between checkpoints' })
      .check(({ from, resume, steps, ...every }) => {
        if (from !== undefined && resume) {
          throw new Error('--from starts a run and --resume goes on with one: give one of them');
        }
        return wholeNumbers({
          steps,
          'validate-every': every['validate-every'],
          'save-every': every['save-every'],
        });
      })
      .version(false) as never,

  async handler(args) {
    const { out, steps, resume, seed } = args;
    if (!resume && existsSync(path.join(out, 'checkpoint.safetensors'))) {
      throw new CodecError('output-exists', {
        what: `${out} already holds a run`,
        remedy: 'Add --resume, or name another --out.',
      });
    }
    // Training's modules are many: no other command should wait for them.
    const { train } = await import('../training/run.ts');
    const recipe = loadRecipe(args.recipe, args.set);
    const engine = await createEngine(args.engine, engineOptions(args));
    const stop = new AbortController();
    // The step under way is finished and the checkpoint written before the process ends.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const say = (text: string) => process.stderr.write(`${text}\n`);
    const line = (text: string) =>
      process.stderr.isTTY ? process.stderr.write(`\r\x1b[K${text}`) : undefined;
    const result = await train({
      recipe,
      objective: await objectives[args.objective].create(recipe, engine),
      engine,
      data: args.data,
      out,
      steps,
      resume,
      ...(args.from !== undefined && { from: args.from }),
      seed,
      validateEvery: args.validateEvery,
      saveEvery: args.saveEvery,
      signal: stop.signal,
      onLoad: (done, total) => line(`reading ${done}/${total} files`),
      onStep: ({ step, losses, seconds }) =>
        line(
          `step ${step}/${steps}  loss ${losses.total?.toFixed(3)}  mel ${losses.mel?.toFixed(3)}  ${seconds.toFixed(2)} s/step`,
        ),
      onValidation: (entry) => say(JSON.stringify(entry)),
      onWarning: say,
    });
    say(
      result.finished ? `done: ${result.step} steps` : `stopped at step ${result.step}: go on with --resume`,
    );
  },
};
