import path from 'node:path';
import type { CommandModule } from 'yargs';
import { exportRecipe, MANIFEST } from '../recipe/export.ts';
import { type JsonArgs, jsonOption, setOption, wholeNumbers } from './options.ts';

interface Args extends JsonArgs {
  recipe: string;
  output: string;
  bitrate: number | undefined;
  frames: number | undefined;
  set: string[];
  force: boolean;
}

export const exportCommand: CommandModule<object, Args> = {
  command: 'export <recipe>',
  describe: 'write encoder and decoder as ONNX files, for use without this package',
  builder: (args) =>
    jsonOption(setOption(args))
      .positional('recipe', {
        type: 'string',
        demandOption: true,
        describe: 'a name of codec recipes, or a .yaml file',
      })
      .option('output', {
        alias: 'o',
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'folder for encoder.onnx, decoder.onnx and manifest.json',
      })
      .option('bitrate', { type: 'number', describe: "nominal kbps, one of the recipe's" })
      .option('frames', {
        type: 'number',
        describe: 'for chunks of so many latent frames, to stream with, instead of for whole signals',
      })
      .option('force', { type: 'boolean', default: false, describe: 'replace files that are there' })
      .check(({ bitrate, frames }) => {
        if (bitrate !== undefined && !(bitrate > 0)) throw new Error('--bitrate takes a number of kbps');
        return wholeNumbers({ frames });
      })
      .example('$0 export encodec-24k -o onnx', 'writes three files into onnx/')
      .version(false) as never,

  async handler({ recipe, output, bitrate, frames, set, force, json }) {
    const manifest = await exportRecipe(recipe, output, {
      ...(bitrate !== undefined && { bitrateKbps: bitrate }),
      ...(frames !== undefined && { frames }),
      set,
      force,
    });
    if (json) process.stdout.write(`${JSON.stringify({ output, ...manifest })}\n`);
    else {
      for (const file of [manifest.encoder.file, manifest.decoder.file, MANIFEST]) {
        process.stdout.write(`${path.join(output, file)}\n`);
      }
    }
  },
};
