import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CommandModule } from 'yargs';
import { toHex } from '../bitstream/fields.ts';
import { loadWeights, modelsFolder } from '../weights/store.ts';
import { jsonOption } from './options.ts';

export const weightsCommand: CommandModule<object, { action: string; json: boolean }> = {
  command: 'weights <action>',
  describe: 'list the weights that are here',
  builder: (args) =>
    jsonOption(args)
      .positional('action', { choices: ['list'], demandOption: true })
      .version(false) as never,

  handler({ json }) {
    const names = existsSync(modelsFolder)
      ? readdirSync(modelsFolder).filter((file) => file.endsWith('.safetensors'))
      : [];
    const all = names.sort().map((file) => {
      const { tensors, fingerprint } = loadWeights(path.join(modelsFolder, file));
      const values = [...tensors.values()].reduce((n, t) => n + t.data.length, 0);
      const bytes = statSync(path.join(modelsFolder, file)).size;
      return { name: path.parse(file).name, bytes, values, fingerprint: toHex(fingerprint) };
    });
    if (json) process.stdout.write(`${JSON.stringify(all)}\n`);
    else
      for (const w of all)
        process.stdout.write(`${w.name.padEnd(20)} ${w.bytes} bytes, ${w.values} values, ${w.fingerprint}\n`);
  },
};
