import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import { float32, type HostTensor, int32 } from '../core/tensor.ts';
import { fromFloat16Bits, toFloat16Bits } from './float16.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

describe('safetensors', () => {
  it('comes back as written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.array(fc.float({ noNaN: true }))),
        fc.array(fc.integer()),
        (floats, ints) => {
          const tensors = new Map<string, HostTensor>(
            Object.entries(floats)
              .filter(([name]) => name !== '__metadata__')
              .map(([name, values]) => [name, float32([values.length], Float32Array.from(values))]),
          );
          tensors.set('ints', int32([1, ints.length], Int32Array.from(ints)));
          const { tensors: back, metadata } = readSafetensors(writeSafetensors(tensors, { made: 'here' }));
          expect(metadata).toEqual({ made: 'here' });
          expect([...back]).toEqual([...tensors]);
        },
      ),
      { seed: 1 },
    );
  });

  it('begins its data at a multiple of eight, with names in UTF-8', () => {
    const bytes = writeSafetensors(new Map([['gewicht-µ', float32([1], Float32Array.of(1))]]));
    const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    expect(readSafetensors(bytes).tensors.get('gewicht-µ')!.data[0]).toBe(1);
  });

  it('reads float16, bfloat16, float64 and int64', () => {
    const header = JSON.stringify({
      h: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
      b: { dtype: 'BF16', shape: [1], data_offsets: [4, 6] },
      d: { dtype: 'F64', shape: [1], data_offsets: [6, 14] },
      i: { dtype: 'I64', shape: [1], data_offsets: [14, 22] },
    });
    const data = new DataView(new ArrayBuffer(22));
    data.setUint16(0, 0x3c00, true);
    data.setUint16(2, 0xc100, true);
    data.setUint16(4, 0x3fc0, true);
    data.setFloat64(6, 0.25, true);
    data.setBigInt64(14, -7n, true);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
    const { tensors } = readSafetensors(
      Buffer.concat([length, Buffer.from(header), new Uint8Array(data.buffer)]),
    );
    expect([...tensors.values()].map((t) => [...t.data])).toEqual([[1, -2.5], [1.5], [0.25], [-7]]);
  });

  it('refuses anything else with a typed error', () => {
    const good = writeSafetensors(new Map([['x', float32([3])]]));
    const readable = (bytes: Uint8Array) => {
      try {
        readSafetensors(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), readable), { seed: 2 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: good.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const bytes = Uint8Array.from(good);
          bytes[at] = byte;
          readable(bytes);
        },
      ),
      { seed: 3 },
    );
    expect(() => readSafetensors(good.subarray(0, good.length - 1))).toThrow(/expected a safetensors file/);
    expect(() => readSafetensors(new Uint8Array(0))).toThrow(CodecError);
  });
});

describe('float16', () => {
  it('every half survives, and floats go to the nearest', () => {
    for (let half = 0; half < 65536; half++) {
      const value = fromFloat16Bits(half);
      if (Number.isNaN(value)) expect(Number.isNaN(fromFloat16Bits(toFloat16Bits(value)))).toBe(true);
      else expect(toFloat16Bits(value)).toBe(half);
    }
    fc.assert(
      fc.property(fc.double({ min: -70000, max: 70000, noNaN: true }), (value) => {
        const x = Math.fround(value);
        const half = toFloat16Bits(x);
        const error = Math.abs(fromFloat16Bits(half) - x);
        if (Math.abs(x) >= 65520) expect(Math.abs(fromFloat16Bits(half))).toBe(Number.POSITIVE_INFINITY);
        else expect(error).toBeLessThanOrEqual(Math.max(2 ** -25, Math.abs(x) * 2 ** -11));
      }),
      { seed: 4 },
    );
  });
});
