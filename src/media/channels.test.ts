import { expect, it } from 'vitest';
import { mixChannels } from './channels.ts';

const planar = (...channels: number[][]) => channels.map((samples) => Float32Array.from(samples));

it('mono is the mean', () => {
  expect(mixChannels(planar([1, 0], [0, 0.5], [0.5, 1]), 1)).toEqual(planar([0.5, 0.5]));
});

it('stereo from mono is the same twice, in separate arrays', () => {
  const [left, right] = mixChannels(planar([0.25, -1]), 2);
  expect([left, right]).toEqual(planar([0.25, -1], [0.25, -1]));
  expect(left).not.toBe(right);
});

it('the same number passes through', () => {
  expect(mixChannels(planar([1], [2], [3]), 3)).toEqual(planar([1], [2], [3]));
});

it.each([
  [6, 2],
  [2, 3],
  [1, 3],
  [0, 1],
  [2, 0],
])('%i channels to %i is refused', (from, to) => {
  expect(() => mixChannels(planar(...Array<number[]>(from).fill([0])), to)).toThrow(
    expect.objectContaining({
      code: 'bad-audio',
      parts: expect.objectContaining({ found: `${from} channels` }),
    }),
  );
});
