import { stringify } from 'yaml';
import type { CommandModule } from 'yargs';
import { loadRecipe, recipeNames } from '../recipe/load.ts';
import { jsonOption } from './options.ts';

export const recipesCommand: CommandModule<object, { name: string | undefined; json: boolean }> = {
  command: 'recipes [name]',
  describe: 'list the recipes, or show one with every setting filled in',
  builder: (args) =>
    jsonOption(args)
      .positional('name', { type: 'string', describe: 'a recipe or a .yaml file' })
      .version(false) as never,

  handler({ name, json }) {
    if (name !== undefined) {
      const recipe = loadRecipe(name);
      process.stdout.write(json ? `${JSON.stringify(recipe)}\n` : stringify(recipe));
      return;
    }
    const all = recipeNames().map((each) => loadRecipe(each));
    if (json) {
      const brief = all.map(({ name: n, about, media, bitrates }) => ({
        name: n,
        about,
        media,
        bitratesKbps: bitrates.kbps,
      }));
      process.stdout.write(`${JSON.stringify(brief)}\n`);
      return;
    }
    const width = Math.max(...all.map((recipe) => recipe.name.length));
    for (const recipe of all) {
      process.stdout.write(
        `${recipe.name.padEnd(width)} ${recipe.bitrates.kbps.join(', ')} kbps. ${recipe.about}\n`,
      );
    }
  },
};
