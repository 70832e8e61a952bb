import { CodecError } from '../../core/errors.ts';
import { coarseFirst } from './coarse-first.ts';
import { acousticDelay, delay } from './delay.ts';
import { flatten } from './flatten.ts';
import { interleave } from './interleave.ts';
import type { Layout, LayoutShape } from './layout.ts';
import { parallel } from './parallel.ts';
import { partialFlatten } from './partial-flatten.ts';
import { stackDelay } from './stack-delay.ts';

export interface LayoutOptions {
  /** For `stack-delay` and `acoustic-delay`: positions by which streams are late. */
  readonly delay?: number;
}

interface LayoutKind {
  readonly about: string;
  /** Whether codebooks may have different rates. */
  readonly multiRate: boolean;
  create(shape: LayoutShape, options: LayoutOptions): Layout;
}

/** Every way codes stand in the streams of a language model. */
export const layouts = {
  parallel: { about: 'a stream for each codebook, frame by frame', multiRate: false, create: parallel },
  flatten: { about: 'one stream, all codebooks of a frame in a row', multiRate: false, create: flatten },
  'coarse-first': {
    about: 'the first codebook of the whole signal, then all others (VALL-E)',
    multiRate: false,
    create: coarseFirst,
  },
  delay: { about: 'codebook q comes q positions late (MusicGen)', multiRate: false, create: delay },
  'stack-delay': {
    about: 'frames in turn in several streams, codebooks in a row, streams late (stack-and-delay)',
    multiRate: false,
    create: stackDelay,
  },
  'partial-flatten': {
    about: 'the first codebook, then all others of the frame at once',
    multiRate: false,
    create: partialFlatten,
  },
  'acoustic-delay': {
    about: 'all codebooks but the first come late, by 1 if not said (Mimi)',
    multiRate: false,
    create: acousticDelay,
  },
  interleave: {
    about: 'one stream, codebooks of several rates as a tree (SNAC: 7 slots a frame)',
    multiRate: true,
    create: interleave,
  },
} as const satisfies Record<string, LayoutKind>;

export type LayoutName = keyof typeof layouts;

export const layoutNames = Object.keys(layouts) as LayoutName[];

/**
 * A layout by name.
 * @throws `bad-argument` for a name, a number of codebooks or rates that do not fit
 */
export function createLayout(
  name: LayoutName,
  {
    codebooks,
    rates = new Array<number>(codebooks).fill(1),
  }: { codebooks: number; rates?: readonly number[] },
  options: LayoutOptions = {},
): Layout {
  if (!layoutNames.includes(name)) {
    throw new CodecError('bad-argument', {
      what: 'there is no such layout',
      found: `"${name}"`,
      expected: layoutNames.join(', '),
    });
  }
  const whole = (value: number) => Number.isSafeInteger(value) && value > 0;
  if (!whole(codebooks) || rates.length !== codebooks || !rates.every(whole) || rates[0] !== 1) {
    throw new CodecError('bad-argument', {
      what: 'cannot lay out these codebooks',
      found: `${codebooks} codebooks of rates ${rates.join(', ')}`,
      expected: 'at least one codebook, and a whole rate for each, the first 1',
    });
  }
  const kind: LayoutKind = layouts[name];
  if (!kind.multiRate && rates.some((rate) => rate !== 1)) {
    throw new CodecError('bad-argument', {
      what: `the layout ${name} needs codebooks of one rate`,
      found: `rates ${rates.join(', ')}`,
      remedy: `Use ${layoutNames.filter((other) => layouts[other].multiRate).join(' or ')}.`,
    });
  }
  return kind.create({ codebooks, rates }, options);
}
