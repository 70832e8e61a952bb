import type { CommandModule } from 'yargs';
import { createAudioWriter } from '../media/audio-file.ts';
import type { SampleFormat } from '../media/audio-stream.ts';
import { Codec } from '../recipe/codec.ts';
import { isFitted, loadAnyRecipe } from '../recipe/load.ts';
import { containers, type Opened, sniff } from './containers.ts';
import { decodeFitted } from './decode-fitted.ts';
import { assertOtherFile, readBytes, replaceExtension } from './files.ts';
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
  bestEffort: boolean;
  frame: number | undefined;
  format: SampleFormat;
}

/** Of a file, by Node: smaller ones are read before anything is decoded. */
const READ_AT_ONCE_BYTES = 64 * 1024;

export const decodeCommand: CommandModule<object, Args> = {
  command: 'decode <input>',
  describe: 'turn a .codec or .ecdc file back into sound, a picture or a video',
  builder: (args) =>
    jsonOption(outputOptions(codecOptions(args)))
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: 'a .codec or .ecdc file; - for standard input',
      })
      // Without this a lone - is not taken for a value.
      .nargs('input', 1)
      .option('recipe', {
        type: 'string',
        requiresArg: true,
        describe: 'the .yaml file of a recipe that is not of this package; for .ecdc any recipe of its model',
      })
      .option('best-effort', {
        type: 'boolean',
        default: false,
        describe: 'decode what is intact of a damaged file',
      })
      .option('frame', {
        type: 'number',
        describe: 'of a video only this frame, counted from 0, as a picture; no other is computed',
      })
      .check(({ frame }) => {
        if (frame === undefined || (Number.isSafeInteger(frame) && frame >= 0)) return true;
        throw new Error('--frame takes a whole number from 0');
      })
      .option('format', {
        choices: ['pcm16', 'pcm24', 'float32'],
        default: 'pcm16',
        describe: 'samples of the WAV',
      })
      .example('$0 decode speech.codec -o out.wav', 'writes out.wav')
      .example('$0 decode clip.codec --frame 42', 'writes clip-42.png')
      .version(false) as never,

  async handler(args) {
    const startedAt = performance.now();
    const { input, bestEffort } = args;
    const source = readBytes(input);
    const { name: container, feed } = await sniff(source.bytes());
    const file: Opened = await containers[container].open(feed, { bestEffort });
    const recipe = file.recipe(args.recipe);
    if (file.fitted && isFitted(loadAnyRecipe(recipe, args.set))) {
      await decodeFitted(recipe, await file.fitted(), { ...args, startedAt, bytes: source.count });
      return;
    }
    const output = args.output ?? replaceExtension(input, '.wav');
    const codec = await Codec.load(recipe, loadOptions(args));
    const { sampleRateHz, channels, name } = codec.parts;
    const { blocks, outcome } = await file.decode(codec, { bestEffort });
    assertOtherFile(input, output);
    const writer = await createAudioWriter(output, {
      sampleRateHz,
      channels,
      format: args.format,
      force: args.force,
    });
    // How long the sound will be is known at its end only.
    const progress = progressBar({ total: source.sizeBytes, from: READ_AT_ONCE_BYTES, unit: 'bytes' }, args);
    let samples = 0;
    try {
      for await (const block of blocks) {
        await writer.write(block);
        samples += block[0]!.length;
        progress.update(source.count());
      }
      await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    } finally {
      progress.stop();
    }
    const { report, damage } = outcome();
    if (damage !== undefined) process.stderr.write(`codec: damaged: ${damage}\n`);
    const job = {
      input,
      output,
      recipe: name,
      bytes: source.count(),
      durationSeconds: samples / sampleRateHz,
      startedAt,
    };
    print({ ...summarize(job), ...(bestEffort && report) }, args);
    await codec.dispose();
  },
};
