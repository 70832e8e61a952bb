import type { CommandModule } from 'yargs';
import { toHex } from '../bitstream/fields.ts';
import { recipesUsing } from '../recipe/check-weights.ts';
import { type ImportedWeights, importWeights } from '../recipe/import-weights.ts';
import { type JsonArgs, jsonOption } from './options.ts';

interface Args extends JsonArgs {
  file: string;
  as: string | undefined;
  recipe: string | undefined;
  force: boolean;
}

export const weightsImportCommand: CommandModule<object, Args> = {
  command: 'import <file>',
  describe: 'take weights from a .safetensors file or a PyTorch checkpoint',
  builder: (args) =>
    jsonOption(args)
      .positional('file', { type: 'string', demandOption: true, describe: 'a state dict of EnCodec' })
      .option('as', { type: 'string', requiresArg: true, describe: "their name; the file's if not said" })
      .option('recipe', { type: 'string', requiresArg: true, describe: 'a recipe they must fit' })
      .option('force', { type: 'boolean', default: false, describe: 'replace weights of that name' })
      .example('$0 weights import encodec_24khz-d7cc33bc.th --as encodec-24khz-facebook', '')
      .version(false) as never,

  async handler({ file, as, recipe, force, json }) {
    const done = await importWeights(file, {
      ...(as !== undefined && { name: as }),
      ...(recipe !== undefined && { recipe }),
      force,
    });
    printImported(done, json);
  },
};

/** What came in, and what can use it. */
export function printImported(done: ImportedWeights, json: boolean): void {
  const { name, file, bytes, values, recipes } = done;
  const fingerprint = toHex(done.fingerprint);
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...done, fingerprint })}\n`);
    return;
  }
  const own = recipesUsing(name);
  const uses = recipes.map((each) =>
    own.includes(each) ? `--recipe ${each}` : `--recipe ${each} --set weights=${name}`,
  );
  process.stdout.write(
    `${file}: ${(bytes / 1e6).toFixed(1)} MB, ${(values / 1e6).toFixed(1)} M values, ${fingerprint}\n` +
      (uses.length > 0 ? `use them with ${uses.join(', or ')}\n` : ''),
  );
}
