import { describe, expect, it } from 'vitest';
import { openContainer } from '../bitstream/container-reader.ts';
import type { Clip } from '../core/signal.ts';
import type { Representation } from '../fitting/representation.ts';
import { FittedCodec, openFitted } from './fitted-codec.ts';

const clip: Clip = {
  kind: 'clip',
  width: 2,
  height: 1,
  rateNumerator: 24,
  rateDenominator: 1,
  pictures: [new Uint8Array(6)],
};

/** A codec whose representation gives that payload for anything. */
function codecOf(payload: Uint8Array, sizedFor?: Representation<'video'>['sizedFor']): FittedCodec {
  const representation: Representation<'video'> = {
    fit: async () => ({ payload, meanSquaredError: 0.01, interrupted: false, bytes: {}, end: undefined }),
    decode: async () => clip,
    inspect: () => ({}),
    ...(sizedFor && { sizedFor }),
  };
  const parts = {
    name: 'hnerv-video',
    id: 12,
    fingerprint: new Uint8Array(8),
    recipe: '{}',
    media: 'video',
    representation: representation as never,
    settings: {} as never,
    presets: { fast: { steps: 1 } },
    preset: 'fast',
    lambda: { coarse: 1, fine: 1 },
    quality: 50,
  } as const;
  return new FittedCodec(parts, {} as never);
}

describe('a file of a fitted codec', () => {
  it('holds payloads larger than a chunk may be', async () => {
    const payload = new Uint8Array(2 ** 22 + 1);
    for (let i = 0; i < payload.length; i += 1001) payload[i] = i;
    const { bytes } = await codecOf(payload).encode(clip);
    const opened = await openFitted(await openContainer(bytes));
    expect(Buffer.compare(opened.payload, payload)).toBe(0);
    // A part that is lost is told.
    const most = bytes.subarray(0, -20);
    await expect(openContainer(most).then(openFitted)).rejects.toMatchObject({ code: 'bad-container' });
  });

  it('is not decoded in part', async () => {
    const { bytes } = await codecOf(new Uint8Array(2 ** 22 + 1).fill(7)).encode(clip);
    const damaged = Uint8Array.from(bytes);
    damaged[damaged.length - 40]! ^= 1;
    // Bytes that are too many do no harm.
    const more = await openContainer(Buffer.concat([bytes, Buffer.alloc(9)]), { bestEffort: true });
    expect((await openFitted(more)).payload).toHaveLength(2 ** 22 + 1);
    for (const file of [damaged, bytes.subarray(0, -20)]) {
      const opened = openContainer(file, { bestEffort: true }).then(openFitted);
      await expect(opened).rejects.toThrow(
        /damaged, and what was fitted to a signal cannot be decoded in part/,
      );
    }
  });

  it('is not made with options out of range, nor of what no file can hold', async () => {
    const codec = codecOf(new Uint8Array(1));
    const refused = { code: 'bad-argument' };
    for (const options of [
      { steps: 0 },
      { steps: Number.NaN },
      { bpp: -1 },
      { bitrateKbps: Number.NaN },
      { seed: 0.5 },
    ]) {
      await expect(codec.encode(clip, options)).rejects.toMatchObject(refused);
    }
    await expect(codec.encode({ ...clip, rateNumerator: 0.5 })).rejects.toBeInstanceOf(Error);
  });

  it('of a search that is interrupted says so, though an earlier fit is the best', async () => {
    const sizes = [300, 100];
    const representation: Representation<'video'> = {
      fit: async () => {
        const payload = new Uint8Array(sizes.pop()!);
        const interrupted = sizes.length === 0;
        return { payload, meanSquaredError: 0.01, interrupted, bytes: {}, end: undefined };
      },
      decode: async () => clip,
      inspect: () => ({}),
    };
    const { parts } = codecOf(new Uint8Array(1));
    const codec = new FittedCodec({ ...parts, representation: representation as never }, {} as never);
    const { bytes, interrupted } = await codec.encode(clip, { bpp: 1200 });
    expect(interrupted).toBe(true);
    expect((await openFitted(await openContainer(bytes))).payload).toHaveLength(100);
  });

  it('has a representation sized for the rate asked for', async () => {
    const asked: number[] = [];
    const codec = codecOf(new Uint8Array(1), (_signal, bits) => {
      asked.push(bits);
      const sized = codecOf(new Uint8Array(60)).parts.representation;
      return sized as unknown as Representation<'video'>;
    });
    const { bytes } = await codec.encode(clip, { bpp: 600 });
    expect(asked).toEqual([1200]);
    expect((await openFitted(await openContainer(bytes))).payload).toHaveLength(60);
  });
});
