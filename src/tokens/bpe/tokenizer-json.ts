import { CodecError } from '../../core/errors.ts';
import { type SpecialName, specialNames } from '../vocabulary.ts';
import { AcousticBpe } from './acoustic-bpe.ts';
import type { Merge } from './merges.ts';

/** Codes as characters: those of the private use planes (Unicode 16, section 23.5), which no text has. */
const PLANES = [
  { from: 0xf0000, count: 0xfffe },
  { from: 0x100000, count: 0xfffe },
];

/** The part of Hugging Face's tokenizer.json that is used here. */
export interface TokenizerJson {
  readonly version: '1.0';
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: boolean;
  }[];
  readonly model: {
    readonly type: 'BPE';
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string])[];
  };
}

function characterOf(code: number): string {
  let left = code;
  for (const { from, count } of PLANES) {
    if (left < count) return String.fromCodePoint(from + left);
    left -= count;
  }
  throw new CodecError('bad-argument', {
    what: 'cannot write these pieces as a tokenizer.json',
    found: 'more ids of codes than private characters',
    expected: `at most ${PLANES.reduce((sum, { count }) => sum + count, 0)}`,
  });
}

function codeOf(character: string): number | undefined {
  const point = character.codePointAt(0)!;
  let before = 0;
  for (const { from, count } of PLANES) {
    if (point >= from && point < from + count) return before + point - from;
    before += count;
  }
  return undefined;
}

const nameOf = (special: SpecialName) => `<|${special}|>`;

/**
 * Ids as the text that Hugging Face's tokenizers take: a private character for each code, special ids by name
 * (`<|bos|>`, …).
 */
export function textOfIds(bpe: AcousticBpe, ids: ArrayLike<number>): string {
  const { baseId, specials } = bpe.shape;
  return Array.from(ids, (id) => {
    const special = specialNames.find((name) => specials[name] === id);
    return special ? nameOf(special) : characterOf(id - baseId);
  }).join('');
}

/** Text that stands for ids, e.g. as a Hugging Face tokenizer decodes pieces, to ids. Throws `bad-tokens` for any other text. */
export function idsOfText(bpe: AcousticBpe, text: string): Int32Array {
  const { baseId, codeIds, specials } = bpe.shape;
  const ids: number[] = [];
  for (const part of text.split(/(<\|[a-z]+\|>)/u)) {
    const special = specialNames.find((name) => nameOf(name) === part);
    if (special) {
      ids.push(specials[special]);
      continue;
    }
    for (const character of part) {
      const code = codeOf(character);
      if (code === undefined || code >= codeIds) {
        throw new CodecError('bad-tokens', {
          what: 'this text does not stand for codes',
          found: `"${character}"`,
          expected: 'private characters, and special ids by name',
        });
      }
      ids.push(baseId + code);
    }
  }
  return Int32Array.from(ids);
}

/** The pieces as Hugging Face's tokenizer.json: `tokenizers` and transformers.js load it, and give the same pieces. */
export function toTokenizerJson(bpe: AcousticBpe): TokenizerJson {
  const { baseId, codeIds, specials } = bpe.shape;
  const text = (piece: number) =>
    bpe
      .idsOf(piece)
      .map((id) => characterOf(id - baseId))
      .join('');
  const vocab: Record<string, number> = {};
  for (let code = 0; code < codeIds; code++) vocab[characterOf(code)] = baseId + code;
  for (const { id } of bpe.merges) vocab[text(id)] = id;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const unused = {
    truncation: null,
    padding: null,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
  };
  return {
    version: '1.0',
    ...unused,
    added_tokens: specialNames.map((name) => ({ id: specials[name], content: nameOf(name), ...flags })),
    // Characters follow each other without spaces.
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      ...{ dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab,
      merges: bpe.merges.map(({ left, right }) => [text(left), text(right)] as const),
    },
  } as TokenizerJson;
}

/** Reads what `toTokenizerJson` made. Throws `bad-tokens` for any other tokenizer. */
export function fromTokenizerJson(json: unknown): AcousticBpe {
  const { added_tokens: added, model } = (json ?? {}) as Partial<TokenizerJson>;
  const specials = Object.fromEntries(
    specialNames.map((name) => [name, added?.find(({ content }) => content === nameOf(name))?.id]),
  ) as Record<SpecialName, number | undefined>;
  if (model?.type !== 'BPE' || !model.vocab || !model.merges || Object.values(specials).includes(undefined)) {
    throw notOurs('no BPE with the special ids of codes');
  }
  const { vocab } = model;
  const baseId = vocab[characterOf(0)];
  if (baseId === undefined) throw notOurs('no codes');
  const merges = model.merges.map(([left, right], i): Merge => {
    const [a, b, id] = [vocab[left], vocab[right], vocab[left + right]];
    if (a === undefined || b === undefined || id === undefined)
      throw notOurs(`merge ${i} of pieces that are none`);
    return { left: a, right: b, id };
  });
  const shape = {
    baseId,
    codeIds: specials.bos! - baseId,
    specials: specials as Record<SpecialName, number>,
  };
  return new AcousticBpe(shape, merges);
}

function notOurs(found: string): CodecError {
  return new CodecError('bad-tokens', {
    what: 'cannot read this tokenizer.json',
    found,
    expected: 'one that neural-codec wrote',
  });
}
