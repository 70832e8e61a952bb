import type { CommandModule } from 'yargs';
import { openAudio } from '../media/audio-file.ts';
import { openByteSink } from '../media/byte-sink.ts';
import { Codec } from '../recipe/codec.ts';
import { defaultRecipe } from '../recipe/load.ts';
import { replaceExtension } from './files.ts';
import { mediaOf } from './media-type.ts';
import {
  type CodecArgs,
  codecOptions,
  type JsonArgs,
  jsonOption,
  loadOptions,
  type OutputArgs,
  outputOptions,
} from './options.ts';
import { print, progressBar, summarize } from './report.ts';

interface Args extends CodecArgs, OutputArgs, JsonArgs {
  input: string;
  recipe: string | undefined;
  bitrate: number | undefined;
}

export const encodeCommand: CommandModule<object, Args> = {
  command: 'encode <input>',
  describe: 'code a sound file into a .codec file',
  builder: (args) =>
    jsonOption(outputOptions(codecOptions(args)))
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: 'WAV, or anything ffmpeg reads; - for standard input',
      })
      // Without this a lone - is not taken for a value.
      .nargs('input', 1)
      .option('recipe', {
        type: 'string',
        requiresArg: true,
        describe: 'a name of codec recipes, or a .yaml file',
      })
      .option('bitrate', { type: 'number', describe: "nominal kbps, one of the recipe's" })
      .check(({ bitrate }) => {
        if (bitrate === undefined || bitrate > 0) return true;
        throw new Error('--bitrate takes a number of kbps');
      })
      .example('$0 encode speech.wav --bitrate 3', 'writes speech.codec')
      .version(false) as never,

  async handler(args) {
    const startedAt = performance.now();
    const {
      input,
      output = replaceExtension(input, '.codec'),
      recipe = defaultRecipe(mediaOf(input)),
    } = args;
    const codec = await Codec.load(recipe, loadOptions(args));
    const { sampleRateHz, channels, name } = codec.parts;
    const stream = codec.encoderStream(args.bitrate === undefined ? {} : { bitrateKbps: args.bitrate });
    const audio = await openAudio(input, { sampleRateHz, channels });
    const sink = await openByteSink(output === '-' ? process.stdout : output, { force: args.force });
    const expected = audio.lengthSamples ?? audio.estimatedLengthSamples;
    const progress = progressBar(expected && expected / sampleRateHz, args.quiet);
    let [bytes, samples] = [0, 0];
    const write = async (part: Uint8Array) => {
      bytes += part.length;
      if (part.length > 0) await sink.write(part);
    };
    try {
      for await (const block of audio.blocks()) {
        await write(await stream.push(block));
        samples += block[0]!.length;
        progress.update(samples / sampleRateHz);
      }
      await write(await stream.end());
      await sink.commit();
    } catch (error) {
      await sink.abort();
      throw error;
    } finally {
      progress.stop();
      await audio.close();
    }
    print(
      summarize({ input, output, recipe: name, bytes, durationSeconds: samples / sampleRateHz, startedAt }),
      args,
    );
    await codec.dispose();
  },
};
