import type { Codes } from '../core/codes.ts';
import { ContextModel } from './context-model.ts';
import { type Coded, type CodesShape, type EntropyCoder, MODES } from './entropy-coder.ts';
import { MixModel } from './mix-model.ts';
import { ModelCoder } from './model-coder.ts';
import type { EntropyModel } from './model-tables.ts';
import { rawCoder } from './raw.ts';
import { StaticRangeCoder } from './static-range.ts';

interface EntropyCoderEntry {
  readonly about: string;
  /** What a chunk says of the coder that wrote it. */
  readonly mode: number;
  create(model: EntropyModel): EntropyCoder;
}

/** Every entropy coder by the name recipes use. */
export const entropyCoders = {
  none: {
    about: 'plain bits',
    mode: MODES.raw,
    create: () => rawCoder,
  },
  static: {
    about:
      "range coder with one fixed table per codebook, kept with the model's weights (without: plain bits)",
    mode: MODES.staticRange,
    create: ({ codebookSize, frequencies }): EntropyCoder =>
      frequencies ? new StaticRangeCoder(frequencies, codebookSize) : rawCoder,
  },
  context: {
    about:
      "an integer network, kept with the model's weights, predicts each index from the ones before it (without: as static)",
    mode: MODES.context,
    create: (model): EntropyCoder => {
      const { codebookSize, context } = model;
      if (!context) return entropyCoders.static.create(model);
      return new ModelCoder(new ContextModel(context), codebookSize, MODES.context);
    },
  },
  mix: {
    about: 'the predictions of that network, if there is one, mixed with adaptive counters',
    mode: MODES.mix,
    create: (model) => new ModelCoder(new MixModel(model), model.codebookSize, MODES.mix),
  },
} as const satisfies Record<string, EntropyCoderEntry>;

export type EntropyCoderName = keyof typeof entropyCoders;

export const entropyCoderNames = Object.keys(entropyCoders) as EntropyCoderName[];

/** All of a model's entropy coders: chunks say which one wrote them. Each is made when first needed, and so are its tables. */
export class EntropyCoders {
  private readonly model: EntropyModel;
  private readonly made = new Map<EntropyCoderName, EntropyCoder>();

  constructor(model: EntropyModel) {
    this.model = model;
  }

  get(name: EntropyCoderName): EntropyCoder {
    const known = this.made.get(name);
    if (known) return known;
    const created = entropyCoders[name].create(this.model);
    this.made.set(name, created);
    return created;
  }

  /** Throws as `EntropyCoder.decode` does. */
  decode(coded: Coded, shape: CodesShape): Codes {
    return this.ofMode(coded.mode).decode(coded, shape);
  }

  /** Bits that each codebook's indices take of a payload, as its own coder counts them. */
  codebookBits(mode: number, codes: Codes): Float64Array {
    return this.ofMode(mode).codebookBits(codes);
  }

  /** Unknown modes go to plain bits, which refuse them. */
  private ofMode(mode: number): EntropyCoder {
    return this.get(entropyCoderNames.find((name) => entropyCoders[name].mode === mode) ?? 'none');
  }
}
