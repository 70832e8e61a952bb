import type { CommandModule } from 'yargs';
import type { ByteFeed } from '../bitstream/byte-feed.ts';
import { listHeader } from '../bitstream/container-header.ts';
import { openContainer } from '../bitstream/container-reader.ts';
import { type FieldListing, toHex } from '../bitstream/fields.ts';
import { nominalKbps } from '../codec/bitrate.ts';
import { openEcdc } from '../codec/ecdc-decoder.ts';
import { assertAudioHeader } from '../codec/header.ts';
import { inspectContainer, inspectEcdc } from '../codec/inspect.ts';
import { recipeAboutEcdc } from '../recipe/ecdc.ts';
import { entropyOfFile } from '../recipe/entropy-of-file.ts';
import { loadRecipe } from '../recipe/load.ts';
import { recipeForFile } from '../recipe/of-file.ts';
import { buildFraming, buildStages } from '../recipe/stages.ts';
import { type ContainerName, sniff } from './containers.ts';
import { readBytes } from './files.ts';
import { jsonOption } from './options.ts';

interface Found {
  readonly recipe: string;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly codebooks: number;
  readonly lengthSamples: number;
  readonly frames: number;
  /** Bytes of codes, without headers and checksums. */
  readonly payloadBytes: number;
  /** What only files of this kind say. */
  readonly particulars: Readonly<Record<string, unknown>>;
  /** The header's fields. */
  readonly header: readonly FieldListing[];
}

/** How each kind of file is looked into. */
const inspectors: Record<ContainerName, (feed: ByteFeed, given: string | undefined) => Promise<Found>> = {
  codec: async (feed, given) => {
    const container = await openContainer(feed.rest());
    const { header } = container;
    assertAudioHeader(header);
    const recipe = recipeForFile(header, given);
    const loaded = loadRecipe(recipe);
    const { codebookSize } = buildStages(loaded).quantizer;
    const { segmented } = buildFraming(loaded);
    const entropy = entropyOfFile(loaded, codebookSize, header.fingerprint);
    const { chunks, frames, payloadBytes, lengthSamples, coders, codebookBits } = await inspectContainer(
      container,
      entropy && { entropy, codebookSize, segmented },
    );
    return {
      recipe,
      sampleRateHz: header.sampleRateHz,
      channels: header.channels,
      codebooks: header.codebooks,
      lengthSamples,
      frames,
      payloadBytes,
      particulars: {
        fingerprint: toHex(header.fingerprint),
        chunks,
        entropy: coders,
        ...(codebookBits && { codebookBits: codebookBits.map(Math.round) }),
      },
      header: listHeader(header),
    };
  },
  ecdc: async (feed, given) => {
    const file = await openEcdc(feed);
    const { header } = file;
    const recipe = recipeAboutEcdc(header, given);
    const loaded = loadRecipe(recipe);
    const { encoder, quantizer, delaySamples } = buildStages(loaded);
    const shape = { hopLength: encoder.hopLength, parts: { delaySamples } };
    const { frames, payloadBytes } = await inspectEcdc(
      file,
      buildFraming(loaded),
      shape,
      quantizer.codebookSize,
    );
    return {
      recipe,
      ...loaded.signal,
      codebooks: header.codebooks,
      lengthSamples: header.lengthSamples,
      frames,
      payloadBytes,
      particulars: { model: header.model, languageModel: header.languageModel },
      header: [
        { name: 'm', value: header.model, doc: 'model' },
        { name: 'al', value: String(header.lengthSamples), doc: 'samples per channel' },
        { name: 'nc', value: String(header.codebooks), doc: 'codebooks' },
        { name: 'lm', value: String(header.languageModel), doc: 'coded with the language model' },
      ],
    };
  },
};

export const infoCommand: CommandModule<object, { file: string; recipe: string | undefined; json: boolean }> =
  {
    command: 'info <file>',
    describe: 'tell what is in a .codec or .ecdc file',
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
      const { name: container, feed } = await sniff(source.bytes());
      const found = await inspectors[container](feed, given);
      const recipe = loadRecipe(found.recipe);
      const { encoder, quantizer } = buildStages(recipe);
      const { sampleRateHz, channels, codebooks, frames, payloadBytes, particulars } = found;
      const durationSeconds = found.lengthSamples / sampleRateHz;
      const frameRateHz = sampleRateHz / encoder.hopLength;
      const kbps = (bytes: number) => (bytes * 8) / durationSeconds / 1000;
      const bytes = source.count();
      const summary = {
        file,
        container,
        recipe: recipe.name,
        ...particulars,
        bytes,
        durationSeconds,
        sampleRateHz,
        channels,
        codebooks,
        frames,
        nominalKbps: nominalKbps(codebooks, { codebookSize: quantizer.codebookSize, frameRateHz }),
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
      for (const { name, value, doc } of found.header) {
        process.stdout.write(`  ${name.padEnd(14)} ${String(value).padEnd(18)} ${doc}\n`);
      }
    },
  };
