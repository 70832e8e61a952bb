import { AudioCodec } from '../codec/audio-codec.ts';
import { Model } from '../codec/model.ts';
import type { HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { DeviceName } from '../engine/devices.ts';
import { EntropyCoders } from '../entropy/catalogue.ts';
import { readEntropyModel } from '../entropy/model-tables.ts';
import { fingerprintOf, loadWeights } from '../weights/store.ts';
import { ecdcProfile } from './ecdc.ts';
import { loadRecipe } from './load.ts';
import type { Recipe } from './schema.ts';
import { buildFraming, buildStages } from './stages.ts';

export interface LoadOptions {
  /** See `codec doctor`; default onnx. */
  readonly engine?: string;
  /** Where the engine computes; default its own. */
  readonly device?: DeviceName;
  /** Intra-op threads; default all cores. */
  readonly threads?: number;
  /** Changes to the recipe, as `path=value`. */
  readonly set?: readonly string[];
}

/** A codec made from a recipe. */
export class Codec extends AudioCodec {
  /**
   * Loads a recipe with its weights.
   * @param nameOrFile a recipe of the package, or the path of a .yaml file
   * @throws `bad-recipe`, `bad-weights`, `bad-argument`, `missing-tool`
   */
  static async load(nameOrFile: string, options: LoadOptions = {}): Promise<Codec> {
    const recipe = loadRecipe(nameOrFile, options.set);
    const { tensors, fingerprint } = loadWeights(recipe.weights);
    const network = buildStages(recipe).inner.vocoder?.network;
    const own = network ? loadWeights(network.weights).tensors : [];
    // The fingerprint is that of the codec alone: a better vocoder plays the files of an older one.
    return Codec.create(recipe, new Map([...tensors, ...own]), { ...options, fingerprint });
  }

  /** Puts a codec together from a recipe and weights in memory. */
  static async create(
    recipe: Recipe,
    weights: ReadonlyMap<string, HostTensor>,
    options: LoadOptions & { readonly fingerprint?: Uint8Array } = {},
  ): Promise<Codec> {
    const engine = await createEngine(options.engine, options);
    const stages = buildStages(recipe);
    const { channels, sampleRateHz } = recipe.signal;
    const { codebookSize } = stages.quantizer;
    return new Codec({
      name: recipe.name,
      id: recipe.id ?? 0,
      fingerprint: options.fingerprint ?? fingerprintOf(weights),
      sampleRateHz,
      channels,
      model: new Model({ ...stages, weights, channels, computeFrames: recipe.chunk.computeFrames }, engine),
      entropy: new EntropyCoders(readEntropyModel(weights, codebookSize)),
      defaultEntropy: recipe.entropy,
      bitratesKbps: recipe.bitrates.kbps,
      defaultKbps: recipe.bitrates.default,
      framing: buildFraming(recipe),
      ...(recipe.ecdc && { ecdc: ecdcProfile(recipe.ecdc, stages, sampleRateHz, options.engine) }),
    });
  }
}
