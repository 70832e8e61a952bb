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
  data: string | undefined;
  out: string | undefined;
  steps: number | undefined;
  exportStep: string | undefined;
  cache: string | undefined;
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
      .option('data', { type: 'string', requiresArg: true, describe: 'folder of sound files' })
      .option('steps', {
        type: 'number',
        describe: 'steps in all, those before --resume counted',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'folder of the run: checkpoint and log',
      })
      .option('resume', { type: 'boolean', default: false, describe: 'go on from the checkpoint in --out' })
      .option('from', {
        type: 'string',
        requiresArg: true,
        describe: 'weights to start from: a name, or a .safetensors file',
      })
      .option('cache', {
        type: 'string',
        requiresArg: true,
        describe: 'folder that keeps decoded sound, for the next run to read it sooner',
      })
      .option('export-step', {
        type: 'string',
        requiresArg: true,
        describe: 'write the step as ONNX files into this folder instead, for training/run_step.py',
      })
      .option('seed', { type: 'number', default: 1, describe: 'of all that is random' })
      .option('validate-every', { type: 'number', default: 500, describe: 'steps between validations' })
      .option('save-every', { type: 'number', default: 250, describe: 'steps between checkpoints' })
      .check(({ from, resume, steps, data, out, exportStep, ...every }) => {
        if (exportStep === undefined) {
          const missing = Object.entries({ data, out, steps }).filter(([, value]) => value === undefined);
          if (missing.length > 0)
            throw new Error(`missing: ${missing.map(([name]) => `--${name}`).join(', ')}`);
        }
        if (from !== undefined && resume) {
          throw new Error('--from starts a run and --resume goes on with one: give one of them');
        }
        if (exportStep !== undefined && resume && out === undefined) {
          throw new Error('--resume needs --out, the folder of the run to go on with');
        }
        return wholeNumbers({
          steps,
          'validate-every': every['validate-every'],
          'save-every': every['save-every'],
        });
      })
      .version(false) as never,

  async handler(args) {
    const { recipe: name, set, seed, exportStep, from } = args;
    const recipe = loadRecipe(name, set);
    const engine = await createEngine(args.engine, engineOptions(args));
    const objective = await objectives[args.objective].create(recipe, engine);
    const say = (text: string) => process.stderr.write(`${text}\n`);
    if (exportStep !== undefined) {
      assertNoRun(exportStep, 'Name another folder.');
      const { writeStepFiles } = await import('../training/step-files.ts');
      const { restoring } = await import('../training/restore.ts');
      const restore = restoring(objective, { resume: args.resume ? args.out : undefined, from });
      for (const file of await writeStepFiles(recipe, objective, seed, exportStep, restore)) {
        say(path.join(exportStep, file));
      }
      return;
    }
    const { data, out, steps, resume } = args as Args & { data: string; out: string; steps: number };
    if (!resume) assertNoRun(out, 'Add --resume, or name another --out.');
    // Training's modules are many: no other command should wait for them.
    const { train } = await import('../training/run.ts');
    const stop = new AbortController();
    // The step under way is finished and the checkpoint written before the process ends.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const line = (text: string) =>
      process.stderr.isTTY ? process.stderr.write(`\r\x1b[K${text}`) : undefined;
    const result = await train({
      recipe,
      objective,
      engine,
      data,
      out,
      steps,
      resume,
      ...(from !== undefined && { from }),
      ...(args.cache !== undefined && { cache: args.cache }),
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

function assertNoRun(folder: string, remedy: string): void {
  if (!existsSync(path.join(folder, 'checkpoint.safetensors'))) return;
  throw new CodecError('output-exists', { what: `${folder} already holds a run`, remedy });
}
