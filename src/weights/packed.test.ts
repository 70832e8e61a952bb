import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../bitstream/crc32c.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor, int32 } from '../core/tensor.ts';
import { fingerprintOf } from './fingerprint.ts';
import { fromFloat16Bits, toFloat16Bits } from './float16.ts';
import { modelsFolder } from './folders.ts';
import { DEFAULT_STEP, packWeights, repackWeights, replaceTensors } from './pack.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { stepsOf } from './steps.ts';
import { isPacked, readPacked, unpackWeights } from './unpack.ts';

const normal = (count: number, scale: number, seed = 1) => {
  const rng = new Rng(seed);
  return Float32Array.from({ length: count }, () => scale * rng.normal());
};
const halves = (values: Float32Array) => values.map((v) => fromFloat16Bits(toFloat16Bits(v)));

/** A packed file of one tensor, its name changed. */
function renamedTo(file: Uint8Array, from: string, to: string): Uint8Array {
  const bytes = Buffer.from(file);
  const at = bytes.indexOf(from);
  const payload = readPacked(file).coded[0]!.payload.length;
  // A text is its length, then its bytes; the header ends in its check sum.
  const head = Buffer.concat([
    bytes.subarray(0, at - 1),
    Buffer.of(to.length),
    Buffer.from(to),
    bytes.subarray(at + from.length, bytes.length - payload - 4),
  ]);
  const check = Buffer.from(Uint32Array.of(crc32c(head)).buffer);
  return Uint8Array.from(Buffer.concat([head, check, bytes.subarray(bytes.length - payload)]));
}

/** A tensor of every coding. */
const model = new Map<string, HostTensor>([
  ['conv.weight_v', float32([32, 16, 4], normal(2048, 0.1))],
  ['conv.weight_g', float32([32, 1, 1], halves(normal(32, 1)))],
  ['conv.bias', float32([32], normal(32, 1e-3))],
  ['lstm.weight', float32([64, 100], normal(6400, 3))],
  ['silent', float32([64, 64])],
  ['scalar', float32([], Float32Array.of(-0))],
  ['nothing', float32([0, 7])],
  [
    'tables',
    int32(
      [3, 500],
      Int32Array.from({ length: 1500 }, (_, i) => ((i * 7919) % 65_536) - 40),
    ),
  ],
  ['wide', int32([3], Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0))],
]);
/** What a step of 1 is for the 6400 values of `lstm.weight`, in root mean squares. */
const STEP_OF_ONE = Math.sqrt(6400 / 2 ** 18);
const packed = packWeights(model, { metadata: { recipe: 'test', note: 'a\nb' } });

describe('replaceTensors', () => {
  const tables = new Map([['tables.b', int32([2, 2], Int32Array.of(1, -2, 3, 70_000))]]);
  const replaced = replaceTensors(packed.bytes, 'tables', tables);

  it('takes the place of what has the prefix; all else stays to the bit', () => {
    const { tensors, metadata, fingerprint } = unpackWeights(replaced.bytes);
    const before = unpackWeights(packed.bytes);
    expect(metadata).toEqual(before.metadata);
    expect([...tensors.keys()]).toEqual([...model.keys()].filter((n) => n !== 'tables').concat('tables.b'));
    for (const [name, { data }] of tensors) {
      expect(data).toEqual((before.tensors.get(name) ?? tables.get(name))!.data);
    }
    expect(fingerprint).toEqual(fingerprintOf(tensors));
    expect(fingerprint).toEqual(replaced.fingerprint);
    expect(fingerprint).not.toEqual(before.fingerprint);
    expect(replaceTensors(replaced.bytes, 'tables', tables).bytes).toEqual(replaced.bytes);
  });
});

describe('packed weights', () => {
  it('keep names, shapes, order, integers, vectors and metadata; tell their fingerprint', () => {
    const { tensors, metadata, fingerprint } = unpackWeights(packed.bytes);
    expect([...tensors.keys()]).toEqual([...model.keys()]);
    expect(metadata).toEqual({ recipe: 'test', note: 'a\nb' });
    for (const [name, { dtype, shape, data }] of model) {
      const found = tensors.get(name)!;
      expect([found.dtype, found.shape]).toEqual([dtype, shape]);
      const quantized = ['conv.weight_v', 'lstm.weight'].includes(name);
      if (!quantized) expect(Buffer.from(found.data.buffer)).toEqual(Buffer.from(data.buffer));
    }
    expect(fingerprint).toEqual(fingerprintOf(tensors));
    expect(fingerprint).toEqual(packed.fingerprint);
    expect(fingerprint).not.toEqual(fingerprintOf(model));
    expect(Object.fromEntries(packed.tensors.map(({ name, coding }) => [name, coding]))).toEqual({
      'conv.weight_v': 'levels',
      'conv.weight_g': 'float16',
      'conv.bias': 'float32',
      'lstm.weight': 'levels',
      silent: 'float16',
      scalar: 'float16',
      nothing: 'float16',
      tables: 'integers',
      wide: 'int32',
    });
  });

  it('golden: the same file and values as ever', () => {
    const tensors = new Map<string, HostTensor>([
      [
        'w',
        float32(
          [32, 64],
          Float32Array.from({ length: 2048 }, (_, i) => ((i * 37) % 64) - 31.5),
        ),
      ],
      ['f', int32([2, 2], Int32Array.of(1, -2, 3, 70_000))],
    ]);
    const { bytes } = packWeights(tensors, { step: 0.25 * Math.sqrt(2 ** 18 / 2048), lambda: 0 });
    expect(Buffer.from(bytes.subarray(0, 64)).toString('hex')).toBe(
      '8e4e5701e7bfb696141395e4027b7d020177022040039cc893409d07f7e044b0016602020204068363c22306771ad303d0511732fe0e30d82e9258e3125ff7d3',
    );
    expect([bytes.length, crc32c(bytes)]).toEqual([978, 2251432861]);
  });

  it('codebooks are deflated planes, smaller levels and larger ones, and decode to the same values as DeepCABAC', () => {
    const name = 'quantizer.vq.layers.0._codebook.embed';
    for (const [scale, planes] of [
      [1, 1],
      [1000, 2],
    ] as const) {
      const values = normal(64 * 64, 0.1);
      values[5] = 0.1 * scale;
      const options = { step: 0.1 * Math.sqrt(2 ** 18 / 4096), lambda: 0 };
      const { bytes, tensors } = packWeights(new Map([[name, float32([64, 64], values)]]), options);
      expect(tensors[0]!.coding).toBe('planes');
      const { coded } = readPacked(bytes);
      expect(inflateRawSync(coded[0]!.payload).length).toBe(planes * values.length);
      const other = packWeights(new Map([['plain', float32([64, 64], values)]]), options);
      const [found, expected] = [bytes, other.bytes].map(
        (b) => [...unpackWeights(b).tensors.values()][0]!.data,
      );
      expect(found).toEqual(expected);
    }
  });

  it('packed as they were before, codebooks in levels, are recoded to the bit', () => {
    const name = 'quantizer.vq.layers.0._codebook.embed';
    const { bytes } = packWeights(new Map([['plain', float32([64, 64], normal(4096, 1))]]));
    const { fingerprint, metadata, coded } = readPacked(bytes);
    // A file of version 1, its tensor called a codebook.
    const file = renamedTo(bytes, 'plain', name);
    expect(file[3]).toBe(1);
    const again = repackWeights(file);
    expect(again.bytes[3]).toBe(2);
    expect(again.fingerprint).toEqual(fingerprint);
    const after = unpackWeights(again.bytes);
    expect(after.metadata).toEqual(metadata);
    expect(after.tensors.get(name)!.data).toEqual(unpackWeights(bytes).tensors.get('plain')!.data);
    expect(readPacked(again.bytes).coded[0]!.entry.coding).not.toBe(coded[0]!.entry.coding);
    expect(repackWeights(again.bytes).bytes).toEqual(again.bytes);
  });

  it('damaged planes are an error', () => {
    const name = 'quantizer.vq.layers.0._codebook.embed';
    const { bytes } = packWeights(new Map([[name, float32([64, 64], normal(4096, 1))]]));
    const { coded } = readPacked(bytes);
    const { payload, entry } = coded[0]!;
    const at = bytes.length - payload.length;
    const wrong = bytes.slice();
    wrong.fill(0xff, at, at + 8);
    // A file made to deceive: its check sums are right.
    const checks = [entry.check, crc32c(wrong.subarray(at))] as const;
    const header = wrong.subarray(0, at - 4);
    const [before, after] = checks.map((sum) => Buffer.from(Uint32Array.of(sum).buffer)) as [Buffer, Buffer];
    Buffer.from(header.buffer, header.byteOffset, header.length).set(
      after,
      Buffer.from(header).indexOf(before),
    );
    new DataView(wrong.buffer).setUint32(at - 4, crc32c(header), true);
    expect(() => unpackWeights(wrong).tensors.get(name)!.data).toThrow(/codes of .* that are none/);
  });

  it('are levels times a step, which float32 has exactly', () => {
    const { data } = unpackWeights(packed.bytes).tensors.get('lstm.weight')!;
    const step = stepsOf(model, DEFAULT_STEP).get('lstm.weight')!;
    expect(step).toBe(Math.fround(step));
    for (const value of data) expect(value).toBe(Math.fround(Math.round(value / step) * step));
  });

  it('steps grow with the square root of the size, and are one for codebooks', () => {
    const codebook = (q: number) => `quantizer.vq.layers.${q}._codebook.embed`;
    const steps = stepsOf(
      new Map<string, HostTensor>([
        ['small', float32([64, 64], new Float32Array(4096).fill(2))],
        ['large', float32([128, 128], new Float32Array(16_384).fill(2))],
        ['few', float32([10, 10], new Float32Array(100).fill(2))],
        ['vector', float32([5000, 1], new Float32Array(5000).fill(2))],
        ...[4, 1, 0.5].map(
          (rms, q) => [codebook(q), float32([64, 64], new Float32Array(4096).fill(rms))] as const,
        ),
      ]),
      0.5,
    );
    expect(Object.fromEntries(steps)).toEqual({
      small: 0.125,
      large: 0.25,
      [codebook(0)]: 0.0625,
      [codebook(1)]: 0.0625,
      [codebook(2)]: 0.0625,
    });
  });

  it('packing what was packed changes little, unpacked files have the same fingerprint', () => {
    const { tensors, fingerprint } = unpackWeights(packed.bytes);
    const again = readSafetensors(writeSafetensors(tensors));
    expect(fingerprintOf(again.tensors)).toEqual(fingerprint);
  });

  it('a smaller step costs more bits and changes the values less', () => {
    const of = (step: number, lambda: number) =>
      packWeights(model, { step, lambda }).tensors.find(({ name }) => name === 'lstm.weight')!;
    const [coarse, fine] = [of(1, 0), of(0.5, 0)];
    // 6 dB and one bit per halving, the noise of a uniform quantizer: step^2 / 12.
    expect(fine.snrDb - coarse.snrDb).toBeCloseTo(6, 0);
    expect(fine.snrDb).toBeCloseTo(10 * Math.log10(12 / (STEP_OF_ONE / 2) ** 2), 0);
    expect((8 * (fine.bytes - coarse.bytes)) / 6400).toBeCloseTo(1, 1);
  });

  it('lambda trades error for bits better than a larger step does, where bits are few', () => {
    const of = (step: number, lambda: number) =>
      packWeights(model, { step, lambda }).tensors.find(({ name }) => name === 'lstm.weight')!;
    const optimised = of(1.2 / STEP_OF_ONE, 0.15);
    // The plain quantizer of the same rate.
    const plain = [1.3, 1.4, 1.5, 1.6, 1.7]
      .map((step) => of(step / STEP_OF_ONE, 0))
      .find((t) => t.bytes <= optimised.bytes)!;
    expect(optimised.bytes).toBeLessThan(of(1.2 / STEP_OF_ONE, 0).bytes);
    expect(optimised.snrDb).toBeGreaterThan(plain.snrDb);
  });

  it('round trips of any shapes', () => {
    const shape = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(shape, fc.nat(), fc.integer({ min: -60, max: 60 }), (dims, seed, octave) => {
        const size = dims.reduce((n, d) => n * d, 1);
        const tensor = float32(dims, normal(size, 2 ** octave, seed));
        const { bytes, fingerprint, tensors } = packWeights(new Map([['t', tensor]]), { step: 0.05 });
        const { data } = unpackWeights(bytes).tensors.get('t')!;
        expect(fingerprintOf(new Map([['t', float32(dims, data as Float32Array<ArrayBuffer>)]]))).toEqual(
          fingerprint,
        );
        expect(tensors[0]!.snrDb).toBeGreaterThan(30);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('refuse what they cannot hold', () => {
    const refuses = (tensor: HostTensor, code: string, options = {}) =>
      expect(() => packWeights(new Map([['t', tensor]]), options)).toThrow(expect.objectContaining({ code }));
    refuses(float32([2], Float32Array.of(1, Number.NaN)), 'bad-weights');
    refuses(float32([1]), 'bad-argument', { step: 0 });
    refuses(float32([1]), 'bad-argument', { lambda: -1 });
    refuses(float32([1]), 'bad-argument', { step: Number.NaN });
    expect(() => packWeights(new Map([['a\u001b[2J', float32([1])]]))).toThrow(/cannot write name/);
  });
});

describe('weights that ship', () => {
  it.each(
    readdirSync(modelsFolder).filter((file) => file.endsWith('.ncw')),
  )('%s holds the values it says', (file) => {
    const { tensors, fingerprint } = unpackWeights(readFileSync(path.join(modelsFolder, file)), file);
    expect(fingerprintOf(tensors)).toEqual(fingerprint);
  });
});

describe('damaged packed weights', () => {
  const read = (bytes: Uint8Array) =>
    [...unpackWeights(bytes).tensors.values()].map(({ data }) => data.length);
  const damaged = expect.objectContaining({ code: 'bad-weights' });

  it('every changed byte, and every cut, is noticed', () => {
    const { bytes } = packed;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const wrong = bytes.slice();
        wrong[at]! ^= change;
        expect(() => read(wrong)).toThrow(damaged);
        expect(() => read(bytes.subarray(0, at))).toThrow(damaged);
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(() => read(Uint8Array.of(...bytes, 0))).toThrow(/1 bytes after its end/);
    expect(() => read(bytes.with(3, 3))).toThrow(/version 3.*Update/);
    expect(isPacked(new Uint8Array(0))).toBe(false);
  });

  it('files made to deceive: an error, or values of the shapes they claim', () => {
    // With the header's check sum made right, so that what is behind it is reached.
    const { bytes } = packed;
    const headerBytes = bytes.length - packed.tensors.reduce((sum, t) => sum + t.bytes, 0) - 4;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 4, max: headerBytes - 1 }), fc.nat(255)), {
          minLength: 1,
          maxLength: 3,
        }),
        (changes) => {
          const wrong = bytes.slice();
          for (const [at, byte] of changes) wrong[at] = byte;
          new DataView(wrong.buffer).setUint32(headerBytes, crc32c(wrong.subarray(0, headerBytes)), true);
          try {
            read(wrong);
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
            expect(error).toMatchObject({ code: 'bad-weights' });
          }
        },
      ),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('claims of sizes that the bytes cannot fill allocate nothing', () => {
    const { bytes, tensors } = packWeights(new Map([['t', int32([1], Int32Array.of(1))]]));
    const headerBytes = bytes.length - tensors[0]!.bytes - 4;
    // Behind magic, version, fingerprint, "{}" and the name: one dimension, of 1. Now of 2^27.
    const dimensionAt = 3 + 1 + 8 + 3 + 1 + 2 + 1;
    const head = [
      ...bytes.subarray(0, dimensionAt),
      128,
      128,
      128,
      64,
      ...bytes.subarray(dimensionAt + 1, headerBytes),
    ];
    const check = new Uint8Array(4);
    new DataView(check.buffer).setUint32(0, crc32c(Uint8Array.from(head)), true);
    const wrong = Uint8Array.of(...head, ...check, ...bytes.subarray(headerBytes + 4));
    expect(() => unpackWeights(wrong)).toThrow(/bytes for t \[134217728\]/);
  });
});
