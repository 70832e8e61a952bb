import type { CommandModule } from 'yargs';
import { listHeader } from '../bitstream/container-header.ts';
import { openContainer } from '../bitstream/container-reader.ts';
import { toHex } from '../bitstream/fields.ts';
import { nominalKbps } from '../codec/bitrate.ts';
import { assertAudioHeader } from '../codec/header.ts';
import { inspectContainer } from '../codec/inspect.ts';
import { loadRecipe } from '../recipe/load.ts';
import { recipeForFile } from '../recipe/of-file.ts';
import { buildStages } from '../recipe/stages.ts';
import { readBytes } from './files.ts';
import { jsonOption } from './options.ts';

export const infoCommand: CommandModule<object, { file: string; recipe: string | undefined; json: boolean }> =
  {
    command: 'info <file>',
    describe: 'tell what is in a .codec file',
    builder: (args) =>
      jsonOption(args)
        .positional('file', { type: 'string', demandOption: true })
        // Without this a lone - is not taken for a value.
        .nargs('file', 1)
        .option('recipe', {
          type: 'string',
          requiresArg: true,
          describe: 'the .yaml file of a recipe that is not of this package',
        })
        .version(false) as never,

    async handler({ file, recipe: given, json }) {
      const source = readBytes(file);
      const container = await openContainer(source.bytes());
      const { header } = container;
      assertAudioHeader(header);
      const { chunks, frames, payloadBytes, lengthSamples } = await inspectContainer(container);
      const recipe = loadRecipe(recipeForFile(header, given));
      const { encoder, quantizer } = buildStages(recipe);
      const durationSeconds = lengthSamples / header.sampleRateHz;
      const frameRateHz = header.sampleRateHz / encoder.hopLength;
      const { codebookSize } = quantizer;
      const kbps = (bytes: number) => (bytes * 8) / durationSeconds / 1000;
      const bytes = source.count();
      const summary = {
        file,
        recipe: recipe.name,
        fingerprint: toHex(header.fingerprint),
        bytes,
        durationSeconds,
        sampleRateHz: header.sampleRateHz,
        channels: header.channels,
        codebooks: header.codebooks,
        frames,
        chunks,
        nominalKbps: nominalKbps(header.codebooks, { codebookSize, frameRateHz }),
        codesKbps: kbps(payloadBytes),
        kbps: kbps(bytes),
      };
      if (json) {
        process.stdout.write(`${JSON.stringify(summary)}\n`);
        return;
      }
      for (const [name, value] of Object.entries(summary))
        process.stdout.write(`${name.padEnd(16)} ${value}\n`);
      process.stdout.write('header:\n');
      for (const { name, value, doc } of listHeader(header)) {
        process.stdout.write(`  ${name.padEnd(14)} ${String(value).padEnd(18)} ${doc}\n`);
      }
    },
  };
