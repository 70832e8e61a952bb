import { stringify } from 'yaml';
import type { CommandModule } from 'yargs';
import { allRecipeNames, isFitted, loadAnyRecipe } from '../recipe/load.ts';
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
      const recipe = loadAnyRecipe(name);
      process.stdout.write(json ? `${JSON.stringify(recipe)}\n` : stringify(recipe));
      return;
    }
    const all = allRecipeNames().map((each) => loadAnyRecipe(each));
    if (json) {
      const brief = all.map((recipe) => {
        const { name: n, about, media } = recipe;
        const choices = isFitted(recipe)
          ? { presets: Object.keys(recipe.fit.presets) }
          : { bitratesKbps: recipe.bitrates.kbps };
        return { name: n, about, media, ...choices };
      });
      process.stdout.write(`${JSON.stringify(brief)}\n`);
      return;
    }
    const width = Math.max(...all.map((recipe) => recipe.name.length));
    for (const recipe of all) {
      const choices = isFitted(recipe)
        ? `${recipe.media}, fitted ${Object.keys(recipe.fit.presets).join(', ')}`
        : `${recipe.bitrates.kbps.join(', ')} kbps`;
      process.stdout.write(`${recipe.name.padEnd(width)} ${choices}. ${recipe.about}\n`);
    }
  },
};
