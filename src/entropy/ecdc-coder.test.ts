import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteFeed } from '../bitstream/byte-feed.ts';
import { LsbBitReader, LsbBitWriter } from '../bitstream/lsb-bits.ts';
import { CodecError } from '../core/errors.ts';
import { EcdcArithmeticDecoder, EcdcArithmeticEncoder, quantizeCdf } from './ecdc-coder.ts';

function cdfOf(weights: readonly number[]): Int32Array {
  const sum = weights.reduce((a, b) => a + b, 0);
  const cdf = new Int32Array(weights.length);
  quantizeCdf(
    Float32Array.from(weights, (w) => w / sum),
    cdf,
  );
  return cdf;
}

async function decoderOf(bytes: Uint8Array) {
  const feed = new ByteFeed(bytes);
  await feed.want(bytes.length);
  const reader = new LsbBitReader(feed);
  return { feed, reader, decoder: new EcdcArithmeticDecoder(reader) };
}

const distribution = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1, noNaN: true })), {
  minLength: 2,
  maxLength: 40,
});
const usable = distribution.filter((weights) => weights.some((w) => w > 0));

describe("EnCodec's arithmetic coder", () => {
  it('gives back the symbols, reads every byte it wrote and none beyond', async () => {
    const step = usable.chain((weights) =>
      fc.record({ weights: fc.constant(weights), symbol: fc.integer({ min: 0, max: weights.length - 1 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const bits = new LsbBitWriter();
        const encoder = new EcdcArithmeticEncoder(bits);
        const cdfs = steps.map(({ weights }) => cdfOf(weights));
        for (const [i, { symbol }] of steps.entries()) encoder.push(symbol, cdfs[i]!);
        encoder.end();
        const { decoder, reader, feed } = await decoderOf(bits.end());
        for (const [i, { symbol }] of steps.entries()) expect(decoder.pull(cdfs[i]!)).toBe(symbol);
        expect(reader.exhausted).toBe(false);
        expect(feed.available).toBe(0);
      }),
      { seed: 1 },
    );
  });

  it('takes the bits that the shares of 2^24 are worth', () => {
    const cdf = cdfOf([1, 2, 4, 8, 1000]);
    const bits = new LsbBitWriter();
    const encoder = new EcdcArithmeticEncoder(bits);
    let ideal = 0;
    for (let i = 0; i < 5000; i++) {
      const symbol = (i * 7919) % 5;
      encoder.push(symbol, cdf);
      ideal -= Math.log2((cdf[symbol]! - (symbol > 0 ? cdf[symbol - 1]! : 0)) / 2 ** 24);
    }
    encoder.end();
    expect(bits.end().length * 8 - ideal).toBeLessThan(40);
  });

  it('any bytes give symbols or an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(usable, { maxLength: 60 }),
        async (bytes, all) => {
          const { decoder } = await decoderOf(bytes);
          try {
            for (const weights of all) {
              const symbol = decoder.pull(cdfOf(weights));
              expect(symbol).toBeGreaterThanOrEqual(0);
              expect(symbol).toBeLessThan(weights.length);
            }
          } catch (error) {
            expect((error as CodecError).code).toBe('bad-container');
          }
        },
      ),
      { seed: 1 },
    );
  });

  it('a softmax that sums to a little more than one still gives shares of 2^24', () => {
    const cdf = new Int32Array(2);
    quantizeCdf(Float32Array.of(0.50001, 0.5), cdf);
    expect(cdf).toEqual(Int32Array.of(2 ** 23, 2 ** 24));
  });

  it.each([
    [[Number.NaN, 0.5]],
    [[1, 1]],
    [[-1, 0.5]],
    [[Number.POSITIVE_INFINITY, 0]],
  ])('refuses %j for probabilities', (values) => {
    expect(() => quantizeCdf(Float32Array.from(values), new Int32Array(2))).toThrow(CodecError);
  });
});
