import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ByteFeed } from '../../src/bitstream/byte-feed.ts';
import { LsbBitReader, LsbBitWriter } from '../../src/bitstream/lsb-bits.ts';
import { EcdcArithmeticDecoder, EcdcArithmeticEncoder, quantizeCdf } from '../../src/entropy/ecdc-coder.ts';
import { readF32, readI32, shared, sharedMissing } from './shared.ts';

const file = (name: string) => shared('golden/encodec/arithmetic-coder', name);

interface Sequence {
  readonly name: string;
  readonly cardinality: number;
  readonly state_after_each_push: { readonly values: [string, string, number][] };
}

describe.skipIf(sharedMissing)("the reference's arithmetic coder", () => {
  for (const name of ['small', 'wide', 'unlikely', 'certain', 'straddle']) {
    it(`${name}: same CDFs, same bytes, same width after every symbol, and back`, async () => {
      const { sequences } = JSON.parse(readFileSync(file('case.json'), 'utf8'));
      const sequence: Sequence = sequences.find((each: Sequence) => each.name === name);
      const { cardinality: size, state_after_each_push: states } = sequence;
      const [pdf, cdfs] = [readF32(file(`${name}_pdf.f32`)), readI32(file(`${name}_cdf.i32`))];
      const symbols = readI32(file(`${name}_symbols.i32`));
      const bytes = new Uint8Array(readFileSync(file(`${name}.bin`)));

      const bits = new LsbBitWriter();
      const encoder = new EcdcArithmeticEncoder(bits);
      const cdf = new Int32Array(size);
      symbols.forEach((symbol, i) => {
        quantizeCdf(pdf.subarray(i * size, (i + 1) * size), cdf);
        expect(cdf).toEqual(cdfs.slice(i * size, (i + 1) * size));
        encoder.push(symbol, cdf);
        const [low, high] = states.values[i]!;
        expect(BigInt(encoder.range)).toBe(BigInt(high) - BigInt(low) + 1n);
      });
      encoder.end();
      expect(bits.end()).toEqual(bytes);

      const feed = new ByteFeed(bytes);
      await feed.want(bytes.length);
      const reader = new LsbBitReader(feed);
      const decoder = new EcdcArithmeticDecoder(reader);
      const decoded = symbols.map((_, i) => decoder.pull(cdfs.subarray(i * size, (i + 1) * size)));
      expect(decoded).toEqual(symbols);
      expect(reader.exhausted).toBe(false);
      expect(feed.available).toBe(0);
    });
  }
});
