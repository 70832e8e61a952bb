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
