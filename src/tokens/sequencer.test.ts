import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLayout, type LayoutName, layoutNames, layouts } from './layouts/catalogue.ts';
import { TokenSequencer } from './sequencer.ts';
import { idMask, Vocabulary } from './vocabulary.ts';

interface Case {
  readonly codes: Int32Array[];
  readonly sequencer: TokenSequencer;
  readonly frames: number;
}

/** Codes of any shape that fits the layout, with a vocabulary of either kind. */
function cases(name: LayoutName): fc.Arbitrary<Case> {
  const rates: fc.Arbitrary<number[]> = layouts[name].multiRate
    ? fc.constantFrom([1], [1, 1, 1], [1, 2], [1, 2, 4], [1, 3, 3, 6])
    : fc.integer({ min: 1, max: 9 }).map((codebooks) => new Array<number>(codebooks).fill(1));
  return fc
    .record({
      rates,
      frames: fc.integer({ min: 1, max: 24 }),
      codebookSize: fc.integer({ min: 1, max: 2048 }),
      baseId: fc.constantFrom(0, 1, 32000),
      shared: fc.boolean(),
      delay: fc.constantFrom(undefined, 1, 2, 5),
      seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    })
    .map(({ rates, frames, codebookSize, baseId, shared, delay, seed }) => {
      const codebooks = rates.length;
      let state = seed;
      const next = () => {
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
        return (state >> 8) % codebookSize;
      };
      return {
        frames,
        codes: rates.map((rate) => Int32Array.from({ length: frames * rate }, next)),
        sequencer: new TokenSequencer(
          createLayout(name, { codebooks, rates }, delay === undefined ? {} : { delay }),
          new Vocabulary({ codebooks, codebookSize, baseId, shared }),
        ),
      };
    });
}

const plain = (rows: readonly ArrayLike<number>[]) => rows.map((row) => Array.from(row));
const firstFrames = ({ codes, frames }: Case, kept: number) =>
  codes.map((row) => Array.from(row.slice(0, (row.length / frames) * kept)));

describe.each(layoutNames)('layout %s', (name) => {
  it('is undone exactly, with and without bos and eos', () => {
    fc.assert(
      fc.property(cases(name), fc.boolean(), fc.boolean(), ({ codes, sequencer, frames }, bos, eos) => {
        const { ids, mask } = sequencer.encode(codes, { bos, eos });
        expect(plain(sequencer.decode(ids))).toEqual(plain(codes));
        expect(plain(sequencer.decode(ids, { invalid: 'prefix' }))).toEqual(plain(codes));
        expect(ids[0]!.length).toBe(sequencer.length(frames) + Number(bos) + Number(eos));
        const entries = codes.reduce((sum, row) => sum + row.length, 0);
        expect(mask.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0)).toBe(entries);
      }),
    );
  });

  it('cut anywhere, gives the frames that are complete', () => {
    fc.assert(
      fc.property(cases(name), fc.nat(), (one, at) => {
        const { ids } = one.sequencer.encode(one.codes);
        const cut = at % ids[0]!.length;
        const short = ids.map((stream) => stream.slice(0, cut));
        const found = one.sequencer.decode(short, { invalid: 'prefix' });
        const kept = found[0]!.length;
        expect(plain(found)).toEqual(firstFrames(one, kept));
        expect(kept).toBeLessThanOrEqual(one.frames);
        // Another frame is lacking at least one of its codes.
        const { layout } = one.sequencer;
        const total = layout.framesLead ? Math.min(cut, one.frames) : one.frames;
        const places = layout.shape.rates.flatMap((rate, q) =>
          Array.from({ length: rate }, (_, i) => layout.place(q, kept * rate + i, total).position),
        );
        if (kept < one.frames) expect(Math.max(...places)).toBeGreaterThanOrEqual(cut);
      }),
    );
  });

  it('with one wrong id, is refused with its place, and keeps the frames before it on request', () => {
    fc.assert(
      fc.property(cases(name), fc.nat(), fc.nat(), fc.boolean(), (one, codebook, entry, negative) => {
        const { layout, vocabulary } = one.sequencer;
        const q = codebook % one.codes.length;
        const index = entry % one.codes[q]!.length;
        const { stream, position } = layout.place(q, index, one.frames);
        const { ids } = one.sequencer.encode(one.codes);
        ids[stream]![position] = negative ? -1 : vocabulary.end;
        expect(() => one.sequencer.decode(ids)).toThrow(
          expect.objectContaining({
            code: 'bad-tokens',
            message: expect.stringMatching(/position \d+ of stream \d+/),
          }),
        );
        const frame = Math.floor(index / layout.shape.rates[q]!);
        const kept = one.sequencer.decode(ids, { invalid: 'prefix' })[0]!.length;
        // Where the first codebook leads, its run tells how long the signal is: what follows is read in other places.
        if (layout.framesLead) expect(kept).toBeLessThanOrEqual(frame);
        else expect(plain(one.sequencer.decode(ids, { invalid: 'prefix' }))).toEqual(firstFrames(one, frame));
      }),
    );
  });

  it('allows what encode writes, and nothing else where the length is known', () => {
    fc.assert(
      fc.property(cases(name), ({ codes, sequencer, frames }) => {
        const { vocabulary } = sequencer;
        const all = { from: vocabulary.baseId, to: vocabulary.end };
        const { ids, mask } = sequencer.encode(codes, { eos: true });
        for (const [s, stream] of ids.entries()) {
          for (const [i, id] of stream.entries()) {
            const legal = idMask(sequencer.legal(s, i, frames), all);
            expect(legal[id - all.from]).toBe(1);
            expect(legal.reduce((a, b) => a + b, 0)).toBe(mask[s]![i] ? vocabulary.codebookSize : 1);
            expect(idMask(sequencer.legal(s, i), all)[id - all.from]).toBe(1);
          }
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe('layouts as published', () => {
  const codes = [Int32Array.of(10, 11, 12), Int32Array.of(20, 21, 22), Int32Array.of(30, 31, 32)];
  const ids = (name: LayoutName, delay?: number) => {
    const layout = createLayout(name, { codebooks: 3 }, delay === undefined ? {} : { delay });
    const vocabulary = new Vocabulary({ codebooks: 3, codebookSize: 100, shared: true });
    const rows = plain(new TokenSequencer(layout, vocabulary).encode(codes).ids);
    return rows.map((row) =>
      row.map((id) => (id === vocabulary.special('pad') ? '..' : String(id))).join(' '),
    );
  };

  it.each([
    ['parallel', ['10 11 12', '20 21 22', '30 31 32']],
    ['flatten', ['10 20 30 11 21 31 12 22 32']],
    ['coarse-first', ['10 11 12 .. .. ..', '.. .. .. 20 21 22', '.. .. .. 30 31 32']],
    ['delay', ['10 11 12 .. ..', '.. 20 21 22 ..', '.. .. 30 31 32']],
    ['partial-flatten', ['10 .. 11 .. 12 ..', '.. 20 .. 21 .. 22', '.. 30 .. 31 .. 32']],
    ['acoustic-delay', ['10 11 12 ..', '.. 20 21 22', '.. 30 31 32']],
    [
      'stack-delay',
      ['10 20 30 .. .. .. .. .. ..', '.. .. .. 11 21 31 .. .. ..', '.. .. .. .. .. .. 12 22 32'],
    ],
    ['interleave', ['10 20 30 11 21 31 12 22 32']],
  ] as const)('%s', (name, expected) => {
    expect(ids(name)).toEqual(expected);
  });

  it('acoustic-delay by 2, as Moshi is trained first', () => {
    expect(ids('acoustic-delay', 2)).toEqual(['10 11 12 .. ..', '.. .. 20 21 22', '.. .. 30 31 32']);
  });

  it("SNAC's seven slots", () => {
    const layout = createLayout('interleave', { codebooks: 3, rates: [1, 2, 4] });
    const vocabulary = new Vocabulary({ codebooks: 3, codebookSize: 4096, baseId: 1000 });
    const { ids } = new TokenSequencer(layout, vocabulary).encode([
      Int32Array.of(1),
      Int32Array.of(2, 3),
      Int32Array.of(4, 5, 6, 7),
    ]);
    const [b, c] = [1000 + 4096, 1000 + 2 * 4096];
    expect(plain(ids)).toEqual([[1001, b + 2, c + 4, c + 5, b + 3, c + 6, c + 7]]);
  });
});

describe('what does not fit', () => {
  it.each<[string, () => unknown, string]>([
    [
      'a name',
      () => createLayout('zigzag' as LayoutName, { codebooks: 2 }),
      'found "zigzag", expected parallel',
    ],
    [
      'rates for a layout of one rate',
      () => createLayout('delay', { codebooks: 2, rates: [1, 2] }),
      'interleave',
    ],
    [
      'rates that do not nest',
      () => createLayout('interleave', { codebooks: 3, rates: [1, 2, 3] }),
      'each divides the next',
    ],
    [
      'a delay of none',
      () => createLayout('stack-delay', { codebooks: 2 }, { delay: 0 }),
      'whole number from 1',
    ],
    ['no codebooks', () => new Vocabulary({ codebooks: 0, codebookSize: 4 }), 'at least 1 codebook'],
    [
      'a code out of range',
      () =>
        new TokenSequencer(
          createLayout('parallel', { codebooks: 1 }),
          new Vocabulary({ codebooks: 1, codebookSize: 4 }),
        ).encode([[0, 4]]),
      'found 4 at 1 of codebook 0',
    ],
  ])('%s', (_, work, message) => {
    expect(work).toThrow(message);
  });

  it('a pad in the midst of one stream, and ids of another codebook', () => {
    const layout = createLayout('flatten', { codebooks: 2 });
    const vocabulary = new Vocabulary({ codebooks: 2, codebookSize: 4 });
    const sequencer = new TokenSequencer(layout, vocabulary);
    const { pad, eos } = vocabulary.specials;
    expect(() => sequencer.decode([[0, 4, pad, 4]])).toThrow(
      `found id ${pad} (pad) at position 2 of stream 0`,
    );
    expect(() => sequencer.decode([[0, 4, 1, 2]])).toThrow(
      'found id 2 (codebook 0) at position 3 of stream 0, expected codebook 1, ids 4 to 7',
    );
    expect(() => sequencer.decode([[0, 4, 1]])).toThrow('found the end at position 3');
    expect(() => sequencer.decode([[]])).toThrow('found the end at position 0');
    expect(plain(sequencer.decode([[0, 4, 1, eos, 7, 7]], { invalid: 'prefix' }))).toEqual([[0], [0]]);
  });
});
