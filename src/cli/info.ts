import type { CommandModule } from 'yargs';
import type { ByteFeed } from '../bitstream/byte-feed.ts';
import { listHeader } from '../bitstream/container-header.ts';
import { type ContainerReader, openContainer } from '../bitstream/container-reader.ts';
import { type FieldListing, toHex } from '../bitstream/fields.ts';
import { nominalKbps } from '../codec/bitrate.ts';
import { openEcdc } from '../codec/ecdc-decoder.ts';
import { openFitted } from '../codec/fitted-codec.ts';
import { ratesOf, rateUnitsOfFormat } from '../codec/fitted-formats.ts';
import { assertAudioHeader } from '../codec/header.ts';
import { inspectContainer, inspectEcdc } from '../codec/inspect.ts';
import type { CodebookUse } from '../core/code-counts.ts';
import { recipeAboutEcdc } from '../recipe/ecdc.ts';
import { entropyOfFile } from '../recipe/entropy-of-file.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { isFitted, loadAnyRecipe, loadRecipe } from '../recipe/load.ts';
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
  /** How codebooks are used, where the codes could be read. */
  readonly codebookUse?: CodebookUse;
  /** What only files of this kind say. */
  readonly particulars: Readonly<Record<string, unknown>>;
  /** The header's fields. */
  readonly header: readonly FieldListing[];
}

/** What is told of any file, in order, and its header's fields. */
interface About {
  readonly summary: Readonly<Record<string, unknown>>;
  readonly header: readonly FieldListing[];
}

/** How each kind of file is looked into; `sizeBytes` is asked for when it has been read. */
const inspectors: Record<
  ContainerName,
  (feed: ByteFeed, given: string | undefined, sizeBytes: () => number) => Promise<About>
> = {
  codec: async (feed, given, sizeBytes) => {
    const container = await openContainer(feed.rest());
    const { header } = container;
    const recipe = recipeForFile(header, given);
    if (isFitted(loadAnyRecipe(recipe))) return aboutFitted(recipe, container, sizeBytes);
    assertAudioHeader(header);
    const loaded = loadRecipe(recipe);
    const { codebookSize } = buildStages(loaded).quantizer;
    const { segmented } = buildFraming(loaded);
    const entropy = entropyOfFile(loaded, codebookSize, header.fingerprint);
    const { chunks, frames, payloadBytes, lengthSamples, coders, codebookBits, codebookUse } =
      await inspectContainer(container, entropy && { entropy, codebookSize, segmented });
    const found = {
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
      ...(codebookUse && { codebookUse }),
      header: listHeader(header),
    };
    return aboutSound(found, sizeBytes());
  },
  ecdc: async (feed, given, sizeBytes) => {
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
    const found = {
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
    return aboutSound(found, sizeBytes());
  },
};

/** Of codes that a trained codec made. */
function aboutSound(found: Found, bytes: number): About {
  const recipe = loadRecipe(found.recipe);
  const { encoder, quantizer } = buildStages(recipe);
  const { sampleRateHz, channels, codebooks, frames, payloadBytes, particulars } = found;
  const durationSeconds = found.lengthSamples / sampleRateHz;
  const frameRateHz = sampleRateHz / encoder.hopLength;
  const kbps = (size: number) => (size * 8) / durationSeconds / 1000;
  const summary = {
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
    tokens: {
      count: codebooks * frames,
      frames,
      codebooks,
      codebookSize: quantizer.codebookSize,
      frameRateHz,
      tokensPerSecond: codebooks * frameRateHz,
      ...found.codebookUse,
    },
  };
  return { summary, header: found.header };
}

/** Of a network fitted to a signal. */
async function aboutFitted(
  recipe: string,
  container: ContainerReader,
  sizeBytes: () => number,
): Promise<About> {
  const codec = await loadFittedCodec(recipe);
  const file = await openFitted(container);
  const bytes = sizeBytes();
  const summary = {
    recipe: codec.parts.name,
    fingerprint: toHex(file.header.fingerprint),
    bytes,
    ...file.format,
    ...ratesOf(bytes, rateUnitsOfFormat(file)),
    ...codec.inspect(file),
  };
  return { summary, header: listHeader(file.header) };
}

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
      const about = await inspectors[container](feed, given, source.count);
      const summary = { file, container, ...about.summary };
      if (json) {
        process.stdout.write(`${JSON.stringify(summary)}\n`);
        return;
      }
      const { tokens, ...rest } = summary as Record<string, unknown>;
      printFields(rest);
      if (tokens) {
        process.stdout.write('tokens:\n');
        printFields(tokens, '  ');
      }
      process.stdout.write('header:\n');
      for (const { name, value, doc } of about.header) {
        process.stdout.write(`  ${name.padEnd(14)} ${String(value).padEnd(18)} ${doc}\n`);
      }
    },
  };

/** A line for each field; numbers of a list with three decimals at most. */
function printFields(fields: object, indent = ''): void {
  for (const [name, value] of Object.entries(fields)) {
    const shown = Array.isArray(value)
      ? value.map((v) => (typeof v === 'number' ? Number(v.toFixed(3)) : v))
      : value;
    process.stdout.write(`${indent}${name.padEnd(indent ? 18 : 16)} ${shown}\n`);
  }
}
