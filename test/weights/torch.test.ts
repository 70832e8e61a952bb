import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../../src/core/errors.ts';
import { readWeights } from '../../src/weights/read-weights.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-'));

describe.each(['state-dict.th', 'state-dict-legacy.th'])('a PyTorch checkpoint, %s', (name) => {
  it('is read: types, shared storage, strides, scalars, empty tensors', async () => {
    const tensors = await readWeights(fixture(name));
    const plain = Object.fromEntries(
      [...tensors].map(([key, { dtype, shape, data }]) => [key, { dtype, shape, data: [...data] }]),
    );
    const base = Array.from({ length: 24 }, (_, i) => i / 4 - 2);
    expect(plain).toEqual({
      'encoder.layer.weight': { dtype: 'float32', shape: [2, 3, 4], data: base },
      'shared.transposed': {
        dtype: 'float32',
        shape: [4, 2, 3],
        data: [0, 1, 2, 3].flatMap((k) => [0, 4, 8, 12, 16, 20].map((row) => base[row + k]!)),
      },
      'shared.slice': { dtype: 'float32', shape: [2], data: [2.5, 3.5] },
      half: { dtype: 'float32', shape: [4], data: [1, -2.5, 65504, 2 ** -24] },
      bfloat: { dtype: 'float32', shape: [3], data: [1.5, -3, 1.0002555517425873e30] },
      steps: { dtype: 'int32', shape: [], data: [1234567] },
      longs: { dtype: 'int32', shape: [1, 2], data: [-7, 9] },
      empty: { dtype: 'float32', shape: [0, 3], data: [] },
    });
  });

  it('cut short or changed anywhere, it gives a typed error or tensors, and never hangs', async () => {
    const whole = readFileSync(fixture(name));
    const file = path.join(folder, name);
    const changed = async (bytes: Uint8Array) => {
      writeFileSync(file, bytes);
      return readWeights(file).then(
        () => undefined,
        (error) => error,
      );
    };
    for (const length of [4, 100, whole.length >> 1, whole.length - 1]) {
      expect(await changed(whole.subarray(0, length))).toMatchObject({ code: 'bad-weights' });
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const bytes = Uint8Array.from(whole);
        bytes[at]! ^= mask;
        expect((await changed(bytes)) ?? new CodecError('bad-weights', { what: '' })).toBeInstanceOf(
          CodecError,
        );
      }),
      { seed: 1, numRuns: 400 },
    );
  });
});

describe('what is no state dict', () => {
  it('a pickled model is refused, by the class it would have to run', async () => {
    await expect(readWeights(fixture('whole-model.th'))).rejects.toMatchObject({
      code: 'bad-weights',
      message: expect.stringMatching(
        /cannot read .*whole-model\.th: found the global __main__\.M, expected collections\.OrderedDict, torch/,
      ),
    });
  });

  it('damage in the numbers is found by the checksum', async () => {
    const bytes = readFileSync(fixture('state-dict.th'));
    const at = bytes.indexOf(Buffer.from(Float32Array.of(-2, -1.75).buffer));
    expect(at).toBeGreaterThan(0);
    bytes[at]! ^= 1;
    const file = path.join(folder, 'flipped.th');
    writeFileSync(file, bytes);
    await expect(readWeights(file)).rejects.toThrow(/a wrong checksum of state-dict\/data\/0/);
  });

  it('other archives, other files, folders and nothing', async () => {
    const file = path.join(folder, 'other');
    writeFileSync(file, '<!doctype html><title>Sign in</title>');
    await expect(readWeights(file)).rejects.toMatchObject({ code: 'bad-weights' });
    // The smallest ZIP archive there is: an end record and no entries, after a first entry's signature.
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.from('PK\x05\x06'), Buffer.alloc(18)]),
    );
    await expect(readWeights(file)).rejects.toMatchObject({ code: 'bad-weights' });
    await expect(readWeights(folder)).rejects.toThrow(/no file .*: found a folder/);
    await expect(readWeights(path.join(folder, 'absent.th'))).rejects.toThrow(/no file .*absent\.th/);
  });
});
