import path from 'node:path';
import { ByteFeed, type ByteStream } from '../bitstream/byte-feed.ts';
import { type ContainerReader, openContainer } from '../bitstream/container-reader.ts';
import { isEcdc } from '../bitstream/ecdc-header.ts';
import { ecdcDecoderStream, openEcdc } from '../codec/ecdc-decoder.ts';
import { ecdcEncoderStream } from '../codec/ecdc-encoder.ts';
import { type OpenFitted, openFitted } from '../codec/fitted-codec.ts';
import type { EntropyCoderName } from '../entropy/catalogue.ts';
import type { Codec } from '../recipe/codec.ts';
import { defaultEcdcRecipe, recipeForEcdc } from '../recipe/ecdc.ts';
import { defaultRecipe } from '../recipe/load.ts';
import { recipeForFile } from '../recipe/of-file.ts';

interface EncodeArgs {
  readonly bitrateKbps?: number;
  readonly languageModel: boolean;
  /** Coder of a .codec file's codes. */
  readonly entropy?: EntropyCoderName;
  /** Samples per channel to come, if known. */
  readonly lengthSamples?: number;
}

interface EncoderStream {
  push(planar: readonly Float32Array[]): Promise<Uint8Array>;
  end(): Promise<Uint8Array>;
}

/** What decoding tells at its end: for --json, and for people if something was amiss. */
export interface Outcome {
  readonly report: Readonly<Record<string, unknown>>;
  readonly damage: string | undefined;
}

export interface Opened {
  /** Name or path of the recipe the file needs. */
  recipe(given: string | undefined): string;
  decode(
    codec: Codec,
    options: { readonly bestEffort: boolean },
  ): Promise<{ readonly blocks: AsyncIterable<Float32Array[]>; outcome(): Outcome }>;
  /** The whole file, where recipes of fitted codecs can write such. */
  fitted?(): Promise<OpenFitted>;
}

interface Container {
  /** The recipe for input of a medium when none is named. */
  defaultRecipe(media: string): string;
  /** Whether recipes of fitted codecs can write such files. */
  readonly fitted: boolean;
  encoder(codec: Codec, args: EncodeArgs): Promise<EncoderStream>;
  open(feed: ByteFeed, options: { readonly bestEffort: boolean }): Promise<Opened>;
}

/** Every kind of file that is written and read, by the extension it has. */
export const containers = {
  codec: {
    defaultRecipe,
    fitted: true,
    encoder: async (codec, args) => codec.encoderStream(args),
    open: async (feed, options) => openedCodec(await openContainer(feed.rest(), options)),
  },
  ecdc: {
    defaultRecipe: defaultEcdcRecipe,
    fitted: false,
    encoder: ecdcEncoderStream,
    open: async (feed) => {
      const file = await openEcdc(feed);
      return {
        recipe: (given) => recipeForEcdc(file.header, given),
        decode: async (codec, options) => {
          const { blocks, report } = await ecdcDecoderStream(codec, file, options);
          return {
            blocks,
            outcome: () => ({
              report: {
                complete: report.complete,
                ...(report.problem && { problem: report.problem.message }),
              },
              damage: report.problem?.message,
            }),
          };
        },
      };
    },
  },
} as const satisfies Record<string, Container>;

export type ContainerName = keyof typeof containers;

export const containerNames = Object.keys(containers) as ContainerName[];

/** The container that an output's extension stands for. */
export function containerOf(output: string | undefined): ContainerName | undefined {
  const extension = path
    .extname(output ?? '')
    .slice(1)
    .toLowerCase();
  return containerNames.find((name) => name === extension);
}

/** Tells by the first bytes what a file is. What is nothing known is left to the reader of .codec to refuse. */
export async function sniff(source: ByteStream): Promise<{ name: ContainerName; feed: ByteFeed }> {
  const feed = new ByteFeed(source);
  await feed.want(4);
  return { name: isEcdc(feed.peek(4)) ? 'ecdc' : 'codec', feed };
}

function openedCodec(container: ContainerReader): Opened {
  return {
    recipe: (given) => recipeForFile(container.header, given),
    fitted: () => openFitted(container),
    decode: async (codec) => {
      const { blocks, report } = await codec.decoderStream(container);
      return {
        blocks,
        outcome: () => {
          const { missingChunks, damages, complete } = report;
          const intact = missingChunks.length === 0 && damages.length === 0 && complete;
          const where = damages.map((d) => `${d.fromByte}-${d.toByte}`).join(', ');
          const damage =
            `${missingChunks.length} chunks became silence (${missingChunks.join(', ') || 'none'}), ` +
            `unreadable bytes ${where || 'none'}${complete ? '' : ', no end record'}`;
          return { report: { missingChunks, damages, complete }, damage: intact ? undefined : damage };
        },
      };
    },
  };
}
