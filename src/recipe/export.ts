import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { toHex } from '../bitstream/fields.ts';
import { type ExportedGraph, type ExportedPiece, exportModel } from '../codec/export.ts';
import { CodecError } from '../core/errors.ts';
import { type AtomicFile, createAtomicFile } from '../media/atomic-file.ts';
import { Codec } from './codec.ts';

export interface ExportOptions {
  /** Nominal bitrate, one of the recipe's: it sets how many codebooks the graphs have. */
  readonly bitrateKbps?: number;
  /** Export graphs for chunks of so many latent frames, with their state, instead of for whole signals. */
  readonly frames?: number;
  /** Changes to the recipe, as `path=value`. */
  readonly set?: readonly string[];
  /** Replace files that are there. */
  readonly force?: boolean;
}

/** What the manifest says of a graph. */
type GraphManifest = Omit<ExportedGraph, 'model'> & { readonly file: string };

/** What `manifest.json` holds: all that is needed to run the graphs without this package. See docs/export.md. */
export interface ExportManifest {
  readonly format: 'neural-codec-export';
  readonly version: 1;
  readonly recipe: string;
  /** Of the weights, as .codec files name it. */
  readonly fingerprint: string;
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Samples per latent frame. */
  readonly hopLength: number;
  readonly bitrateKbps: number;
  readonly codebooks: number;
  readonly codebookSize: number;
  /** Samples by which the decoder's output lags behind the encoder's input. */
  readonly delaySamples: number;
  readonly framing:
    | { readonly kind: 'signal' }
    | { readonly kind: 'chunk'; readonly frames: number; readonly samples: number }
    | {
        readonly kind: 'segment';
        readonly lengthSamples: number;
        readonly strideSamples: number;
        readonly normalize: boolean;
      };
  readonly encoder: GraphManifest;
  readonly decoder: GraphManifest;
}

export const MANIFEST = 'manifest.json';

/**
 * Writes encoder.onnx, decoder.onnx and manifest.json into a folder.
 * @throws `bad-argument` when the recipe cannot be exported like that, `output-exists`, and what `Codec.load` throws
 */
export async function exportRecipe(
  nameOrFile: string,
  folder: string,
  { bitrateKbps, frames, set = [], force = false }: ExportOptions = {},
): Promise<ExportManifest> {
  const codec = await Codec.load(nameOrFile, { set });
  const { name, fingerprint, sampleRateHz, channels, model, framing, defaultKbps } = codec.parts;
  const codebooks = codec.codebooksFor(bitrateKbps);
  const { hopLength } = model;
  const { codebookSize } = model.parts.quantizer;
  const { layout } = framing;
  if (layout && frames !== undefined) {
    throw new CodecError('bad-argument', {
      what: `the recipe ${name} codes segments, each for itself`,
      found: `--frames ${frames}`,
      remedy: 'Export it without --frames.',
    });
  }
  const piece: ExportedPiece = layout
    ? { kind: 'segment' }
    : frames === undefined
      ? { kind: 'signal' }
      : { kind: 'chunk', frames };
  const { encoder, decoder } = exportModel(model.parts, codebooks, piece);
  const described = ({ model: _, ...rest }: ExportedGraph, file: string) => ({ file, ...rest });
  const manifest: ExportManifest = {
    format: 'neural-codec-export',
    version: 1,
    recipe: name,
    fingerprint: toHex(fingerprint),
    sampleRateHz,
    channels,
    hopLength,
    bitrateKbps: bitrateKbps ?? defaultKbps,
    codebooks,
    codebookSize,
    delaySamples: model.parts.delaySamples,
    framing: layout
      ? { kind: 'segment', ...layout }
      : piece.kind === 'chunk'
        ? { ...piece, samples: piece.frames * hopLength }
        : { kind: 'signal' },
    encoder: described(encoder, 'encoder.onnx'),
    decoder: described(decoder, 'decoder.onnx'),
  };
  await writeAll(folder, force, {
    [manifest.encoder.file]: encoder.model,
    [manifest.decoder.file]: decoder.model,
    [MANIFEST]: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`),
  });
  await codec.dispose();
  return manifest;
}

/** Writes files that only make sense together: none appears before all are written. */
async function writeAll(folder: string, force: boolean, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new CodecError('bad-argument', { what: `cannot make the folder ${folder}`, found: error.message });
  });
  const open: AtomicFile[] = [];
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const file = await createAtomicFile(path.join(folder, name), { force });
      open.push(file);
      await file.write(bytes);
    }
    for (const file of open) await file.commit();
  } finally {
    for (const file of open) await file.abort();
  }
}
