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

  it("writes the reference's files from the bounds of its symbols, and reads a clip from its CDFs", async () => {
    const folder = (name: string) => shared('golden/encodec/ecdc', name);
    const { streams } = JSON.parse(readFileSync(folder('case.json'), 'utf8'));
    for (const stream of streams.filter((each: { use_lm: boolean }) => each.use_lm)) {
      const bytes = new Uint8Array(readFileSync(folder(stream.file)));
      const bounds = readI32(folder(stream.cdf_bounds));
      const starts: number[] = stream.segment_code_offsets;
      const ends = stream.scale_offsets.length > 0 ? stream.scale_offsets.slice(1) : [];
      const [length, stride] = stream.model === 'tiny-48k' ? [48000, 47520] : [stream.audio_length, 0];
      let at = 0;
      for (const [i, start] of starts.entries()) {
        const frames = Math.ceil(Math.min(length, stream.audio_length - i * stride) / 320);
        const bits = new LsbBitWriter();
        const encoder = new EcdcArithmeticEncoder(bits);
        for (let n = 0; n < frames * stream.n_q; n++, at += 2) encoder.push(1, bounds.subarray(at, at + 2));
        encoder.end();
        expect(bits.end(), stream.file).toEqual(bytes.slice(start, ends[i] ?? bytes.length));
      }
      expect(at).toBe(bounds.length);
      if (!stream.all_cdfs) continue;
      const cdfs = readI32(folder(stream.all_cdfs));
      const codes = readI32(folder(stream.codes));
      const feed = new ByteFeed(bytes.subarray(starts[0]!));
      await feed.want(bytes.length);
      const decoder = new EcdcArithmeticDecoder(new LsbBitReader(feed));
      const frames = codes.length / stream.n_q;
      for (let t = 0; t < frames; t++) {
        for (let k = 0; k < stream.n_q; k++) {
          const row = (t * stream.n_q + k) * 1024;
          expect(decoder.pull(cdfs.subarray(row, row + 1024))).toBe(codes[k * frames + t]);
        }
      }
    }
  });
});
