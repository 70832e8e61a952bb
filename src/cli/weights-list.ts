import type { CommandModule } from 'yargs';
import { type ListedWeights, listWeights } from '../recipe/list-weights.ts';
import { type JsonArgs, jsonOption } from './options.ts';

export const weightsListCommand: CommandModule<object, JsonArgs> = {
  command: 'list',
  describe: 'weights that are here, and those that can be fetched',
  builder: (args) => jsonOption(args).version(false) as never,

  handler({ json }) {
    const all = listWeights();
    if (json) process.stdout.write(`${JSON.stringify(all)}\n`);
    else for (const each of all) process.stdout.write(`${lineOf(each)}\n`);
  },
};

/** Weights in a line of text. */
export function lineOf({
  name,
  place,
  recipes,
  bytes,
  values,
  fingerprint,
  problem,
  command,
}: ListedWeights): string {
  const facts =
    command ??
    problem ??
    `${(bytes! / 1e6).toFixed(1)} MB, ${(values! / 1e6).toFixed(1)} M values, ${fingerprint}`;
  const uses = recipes.length > 0 ? `, for ${recipes.join(', ')}` : '';
  return `${name.padEnd(27)} ${place.padEnd(8)} ${facts}${command ? '' : uses}`;
}
