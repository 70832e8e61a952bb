import type { CommandModule } from 'yargs';
import { CodecError } from '../core/errors.ts';
import { type EntropyCoderName, entropyCoderNames } from '../entropy/catalogue.ts';
import { openAudio } from '../media/audio-file.ts';
import { openByteSink } from '../media/byte-sink.ts';
import { Codec } from '../recipe/codec.ts';
import { isFitted, loadAnyRecipe } from '../recipe/load.ts';
import { type ContainerName, containerNames, containerOf, containers } from './containers.ts';
import { encodeFitted, type FittedArgs, fittedOptionNames, fittedOptions } from './encode-fitted.ts';
import { assertOtherFile, replaceExtension } from './files.ts';
import { mediaOf } from './media-type.ts';
import { codecOptions, jsonOption, loadOptions, outputOptions } from './options.ts';
import { print, progressBar, summarize } from './report.ts';

interface Args extends FittedArgs {
  input: string;
  recipe: string | undefined;
  bitrate: number | undefined;
  container: ContainerName | undefined;
  lm: boolean;
  entropy: EntropyCoderName | undefined;
}

export const encodeCommand: CommandModule<object, Args> = {
  command: 'encode <input>',
  describe: 'code a sound, picture or video file into a .codec or .ecdc file',
  builder: (args) =>
    fittedOptions(jsonOption(outputOptions(codecOptions(args))))
      .positional('input', {
        type: 'string',
        demandOption: true,
        describe: 'sound, a picture or a video; - for sound on standard input',
      })
      // Without this a lone - is not taken for a value.
      .nargs('input', 1)
      .option('recipe', {
        type: 'string',
        requiresArg: true,
        describe: 'a name of codec recipes, or a .yaml file',
      })
      .option('bitrate', {
        type: 'number',
        describe: "kbps: nominal, one of the recipe's; of fitted recipes the most, of the whole file",
      })
      .option('container', {
        choices: containerNames,
        describe: "kind of file to write, if the output's extension does not tell",
      })
      .option('lm', {
        type: 'boolean',
        default: false,
        describe: 'for .ecdc: code with the language model, smaller and slower',
      })
      .option('entropy', {
        choices: entropyCoderNames,
        describe: "for .codec: entropy coder of the codes; the recipe's if not said",
      })
      .check(({ bitrate, quality, bpp, lm, entropy, container, output }) => {
        if (!(bitrate === undefined || bitrate > 0)) throw new Error('--bitrate takes a number of kbps');
        if (bitrate !== undefined && (quality ?? bpp) !== undefined) {
          throw new Error('--bitrate excludes --quality and --bpp');
        }
        if (lm && (container ?? containerOf(output)) !== 'ecdc') {
          throw new Error('--lm is for .ecdc files: name one with -o, or add --container ecdc');
        }
        if (entropy !== undefined && (container ?? containerOf(output)) === 'ecdc') {
          throw new Error('--entropy is for .codec files: .ecdc has --lm');
        }
        return true;
      })
      .example('$0 encode speech.wav --bitrate 3', 'writes speech.codec')
      .example('$0 encode photo.png --quality 60', 'fits a small network to a picture: photo.codec')
      .example('$0 encode speech.wav -o speech.ecdc --lm', "writes the reference EnCodec's format")
      .version(false) as never,

  async handler(args) {
    const startedAt = performance.now();
    const { input, bitrate, entropy, lm: languageModel } = args;
    const container = args.container ?? containerOf(args.output) ?? 'codec';
    const output = args.output ?? replaceExtension(input, `.${container}`);
    assertOtherFile(input, output);
    const recipe = args.recipe ?? containers[container].defaultRecipe(mediaOf(input));
    const fitted = isFitted(loadAnyRecipe(recipe, args.set));
    refuseOthersOptions(recipe, fitted, args);
    if (fitted) {
      await encodeFitted(recipe, { ...args, container, output });
      return;
    }
    const codec = await Codec.load(recipe, loadOptions(args));
    const { sampleRateHz, channels, name } = codec.parts;
    const audio = await openAudio(input, { sampleRateHz, channels });
    const { lengthSamples, estimatedLengthSamples } = audio;
    const expected = lengthSamples ?? estimatedLengthSamples;
    const progress = progressBar({ total: expected && expected / sampleRateHz, from: 20, unit: 's' }, args);
    let [bytes, samples] = [0, 0];
    try {
      const stream = await containers[container].encoder(codec, {
        languageModel,
        ...(bitrate !== undefined && { bitrateKbps: bitrate }),
        ...(entropy !== undefined && { entropy }),
        ...(lengthSamples !== undefined && { lengthSamples }),
      });
      const sink = await openByteSink(output === '-' ? process.stdout : output, { force: args.force });
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
      }
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

/** Throws `bad-argument` for options that would do nothing with this recipe. */
function refuseOthersOptions(recipe: string, fitted: boolean, args: Args): void {
  const useless = (fitted ? (['entropy'] as const) : fittedOptionNames).find(
    (name) => args[name] !== undefined,
  );
  if (useless === undefined) return;
  throw new CodecError('bad-argument', {
    what: fitted ? `${recipe} has an entropy coder of its own` : `${recipe} is not fitted to each signal`,
    found: `--${useless}`,
    remedy: 'Leave it out, or choose another recipe.',
  });
}
