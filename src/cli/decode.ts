import type { CommandModule } from 'yargs';
import { openContainer } from '../bitstream/container-reader.ts';
import { createAudioWriter } from '../media/audio-file.ts';
import { Codec } from '../recipe/codec.ts';
import { recipeForFile } from '../recipe/of-file.ts';
import { readBytes, replaceExtension } from './files.ts';
import {
  type CodecArgs,
  codecOptions,
  type JsonArgs,
  jsonOption,
  loadOptions,
  type OutputArgs,
  outputOptions,
} from './options.ts';
import { print, summarize } from './report.ts';

interface Args extends CodecArgs, OutputArgs, JsonArgs {
  input: string;
  recipe: string | undefined;
  bestEffort: boolean;
  format: 'pcm16' | 'pcm24' | 'float32';
}

export const decodeCommand: CommandModule<object, Args> = {
  command: 'decode <input>',
  describe: 'turn a .codec file back into sound',
  builder: (args) =>
    jsonOption(outputOptions(codecOptions(args)))
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: 'a .codec file; - for standard input',
      })
      // Without this a lone - is not taken for a value.
      .nargs('input', 1)
      .option('recipe', {
        type: 'string',
        requiresArg: true,
        describe: 'the .yaml file of a recipe that is not of this package',
      })
      .option('best-effort', {
        type: 'boolean',
        default: false,
        describe: 'decode what is intact of a damaged file',
      })
      .option('format', {
        choices: ['pcm16', 'pcm24', 'float32'],
        default: 'pcm16',
        describe: 'samples of the WAV',
      })
      .example('$0 decode speech.codec -o out.wav', 'writes out.wav')
      .version(false) as never,

  async handler(args) {
    const startedAt = performance.now();
    const { input, output = replaceExtension(input, '.wav'), bestEffort } = args;
    const source = readBytes(input);
    const container = await openContainer(source.bytes(), { bestEffort });
    const codec = await Codec.load(recipeForFile(container.header, args.recipe), loadOptions(args));
    const { sampleRateHz, channels, name } = codec.parts;
    const { blocks, report } = await codec.decoderStream(container);
    const writer = await createAudioWriter(output, {
      sampleRateHz,
      channels,
      format: args.format,
      force: args.force,
    });
    let samples = 0;
    try {
      for await (const block of blocks) {
        await writer.write(block);
        samples += block[0]!.length;
      }
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
    const { missingChunks, damages, complete } = report;
    if (bestEffort && (missingChunks.length > 0 || damages.length > 0 || !complete)) {
      const where = damages.map((d) => `${d.fromByte}-${d.toByte}`).join(', ');
      process.stderr.write(
        `codec: damaged: ${missingChunks.length} chunks became silence (${missingChunks.join(', ') || 'none'}), ` +
          `unreadable bytes ${where || 'none'}${complete ? '' : ', no end record'}\n`,
      );
    }
    const job = {
      input,
      output,
      recipe: name,
      bytes: source.count(),
      durationSeconds: samples / sampleRateHz,
      startedAt,
    };
    print({ ...summarize(job), ...(bestEffort && { missingChunks, damages, complete }) }, args);
    await codec.dispose();
  },
};
