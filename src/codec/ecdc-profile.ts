import { CodecError } from '../core/errors.ts';
import type { LanguageModel } from './language-model.ts';

/** What a codec needs besides its model to read and write `.ecdc` files. */
export class EcdcProfile {
  /** The model's name in their headers. */
  readonly model: string;
  private readonly load: (() => Promise<LanguageModel>) | undefined;
  private loaded: Promise<LanguageModel> | undefined;

  /** @param load called when a file needs the language model, once; undefined when there is none */
  constructor(model: string, load?: () => Promise<LanguageModel>) {
    this.model = model;
    this.load = load;
  }

  /** Throws `bad-recipe` when the recipe names none, `bad-weights` when its weights are absent or do not fit. */
  languageModel(): Promise<LanguageModel> {
    if (!this.load) {
      throw new CodecError('bad-recipe', {
        what: 'the recipe has no language model',
        expected: 'its weights under ecdc.languageModel.weights',
        remedy: 'Name them with --set ecdc.languageModel.weights=FILE, or do without --lm.',
      });
    }
    this.loaded ??= this.load();
    return this.loaded;
  }

  async dispose(): Promise<void> {
    const loaded = this.loaded;
    this.loaded = undefined;
    await (await loaded)?.dispose();
  }
}

/** Throws `bad-recipe` when the codec's recipe does not say which of the reference's models it is. */
export function profileOf({
  name,
  ecdc,
}: {
  readonly name: string;
  readonly ecdc?: EcdcProfile;
}): EcdcProfile {
  if (ecdc) return ecdc;
  throw new CodecError('bad-recipe', {
    what: `the recipe ${name} is none for .ecdc files`,
    found: "no ecdc.model: its weights are not those of one of the reference's models",
    remedy: 'Use a recipe that has one (codec recipes), or write a .codec file.',
  });
}
