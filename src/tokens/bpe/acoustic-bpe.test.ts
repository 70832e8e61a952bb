import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../core/rng.ts';
import { createLayout } from '../layouts/catalogue.ts';
import { TokenSequencer } from '../sequencer.ts';
import { Vocabulary } from '../vocabulary.ts';
import { AcousticBpe } from './acoustic-bpe.ts';
import { fromTokenizerJson, idsOfText, textOfIds, toTokenizerJson } from './tokenizer-json.ts';

const vocabulary = new Vocabulary({ codebooks: 2, codebookSize: 8, baseId: 100 });

/** Codes of two codebooks that repeat themselves, as speech does. */
function sequences(count: number, seed: number): Int32Array[] {
  const rng = new Rng(seed);
  const phrases = Array.from({ length: 6 }, () => Array.from({ length: 4 }, () => rng.int(8)));
  const sequencer = new TokenSequencer(createLayout('flatten', { codebooks: 2 }), vocabulary);
  return Array.from({ length: count }, () => {
    const first = Array.from({ length: 12 }, () => phrases[rng.int(6)]!).flat();
    return sequencer.encode([first, first.map((code) => (code + rng.int(2)) % 8)], { bos: true, eos: true })
      .ids[0]!;
  });
}

/** By the book: the most frequent pair, then again on what came of it, counted afresh each time. */
function naive(parts: readonly (readonly number[])[], pieces: number, firstId: number): number[][] {
  let words = parts.map((part) => [...part]);
  const known = new Map<string, number>();
  const text = (symbol: number) => [...known].find(([, id]) => id === symbol)?.[0] ?? `${symbol}`;
  while (known.size < pieces) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]} ${word[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    const value = (pair: string) => pair.split(' ').map(Number) as [number, number];
    const [best] = [...counts].sort(
      ([p, a], [q, b]) => b - a || value(p)[0] - value(q)[0] || value(p)[1] - value(q)[1],
    );
    if (!best || best[1] < 2) break;
    const [left, right] = value(best[0]);
    const key = `${text(left)} ${text(right)}`;
    const id = known.get(key) ?? firstId + known.size;
    known.set(key, id);
    words = words.map((word) => {
      const merged: number[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) {
          merged.push(id);
          i++;
        } else merged.push(word[i]!);
      }
      return merged;
    });
  }
  return words;
}

describe('acoustic BPE', () => {
  it('learns what counting afresh each time learns', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 100, max: 104 }), { maxLength: 60 }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 12 }),
        (parts, pieces) => {
          const bpe = AcousticBpe.train(parts, { vocabulary, size: vocabulary.size + pieces });
          const expected = naive(parts, pieces, vocabulary.end);
          expect(parts.map((part) => Array.from(bpe.encode(part)))).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('shortens sequences like those it learnt from, and is undone exactly', () => {
    const bpe = AcousticBpe.train(sequences(40, 1), { vocabulary, size: vocabulary.size + 100 });
    expect(bpe.end).toBe(vocabulary.end + 100);
    const others = sequences(10, 1).concat(sequences(5, 2));
    for (const ids of others) expect(Array.from(bpe.decode(bpe.encode(ids)))).toEqual(Array.from(ids));
    const { ids, pieces, ratio } = bpe.compression(sequences(10, 1));
    expect(ids).toBe(10 * (2 * 48 + 2));
    expect(ratio).toBe(ids / pieces);
    expect(ratio).toBeGreaterThan(2.5);
    // Special ids stand alone.
    const { bos, eos } = vocabulary.specials;
    const encoded = Array.from(bpe.encode(others[0]!));
    expect([encoded[0], encoded.at(-1)]).toEqual([bos, eos]);
    for (const { id } of bpe.merges) expect(bpe.idsOf(id).every((code) => code < bos)).toBe(true);
  });

  it('is undone exactly on any ids', () => {
    const bpe = AcousticBpe.train(sequences(10, 1), { vocabulary, size: vocabulary.size + 50 });
    const id = fc.integer({ min: vocabulary.baseId, max: vocabulary.end - 1 });
    fc.assert(
      fc.property(fc.array(id), (ids) => {
        expect(Array.from(bpe.decode(bpe.encode(ids)))).toEqual(ids);
        expect(Array.from(idsOfText(bpe, textOfIds(bpe, ids)))).toEqual(ids);
      }),
    );
  });

  it("Hugging Face's tokenizers load it and give the same pieces", () => {
    const bpe = AcousticBpe.train(sequences(40, 3), { vocabulary, size: vocabulary.size + 120 });
    const json = JSON.parse(JSON.stringify(toTokenizerJson(bpe)));
    const theirs = new Tokenizer(json, {});
    for (const ids of sequences(20, 4).concat(sequences(5, 3))) {
      const text = textOfIds(bpe, ids);
      const { ids: pieces } = theirs.encode(text);
      expect(pieces).toEqual(Array.from(bpe.encode(ids)));
      expect(Array.from(idsOfText(bpe, theirs.decode(pieces)))).toEqual(Array.from(ids));
    }
    const again = fromTokenizerJson(json);
    expect(again.shape).toEqual(bpe.shape);
    expect(again.merges).toEqual(bpe.merges);
  });

  it('says what does not fit', () => {
    const train = (ids: number[], size: number) => AcousticBpe.train([ids], { vocabulary, size });
    expect(() => train([100], vocabulary.size)).toThrow(`more than the vocabulary's ${vocabulary.size}`);
    expect(() => train([99], 40)).toThrow('found 99, expected ids from 100 to 119');
    const bpe = train([100, 101, 100, 101], 40);
    expect(bpe.merges).toHaveLength(1);
    expect(() => bpe.decode([bpe.end])).toThrow(`found ${bpe.end}`);
    expect(() => idsOfText(bpe, 'hello')).toThrow('found "h"');
    for (const json of [undefined, {}, { model: { type: 'WordPiece' } }])
      expect(() => fromTokenizerJson(json)).toThrow('cannot read this tokenizer.json');
  });
});
