import type { Media } from '../media.ts';

/** What trades rate for quality in a recipe that is fitted to each signal: as options of the command, of the whole file. */
export const fittedKnobs: Record<'bpp' | 'bitrate' | 'quality', FittedKnob> = {
  bpp: {
    option: 'bpp',
    media: ['image', 'audio', 'video'],
    says: 'bits per unit above 0',
    isIn: (x) => x > 0,
  },
  bitrate: { option: 'bitrateKbps', media: ['audio', 'video'], says: 'kbps above 0', isIn: (x) => x > 0 },
  quality: {
    option: 'quality',
    media: ['image', 'audio', 'video'],
    says: 'a quality from 1 to 100, or all',
    isIn: (x) => x >= 1 && x <= 100,
  },
};

export const fittedKnobNames = Object.keys(fittedKnobs) as (keyof typeof fittedKnobs)[];

interface FittedKnob {
  readonly option: 'quality' | 'bpp' | 'bitrateKbps';
  readonly media: readonly Media[];
  /** What its values are. */
  readonly says: string;
  isIn(value: number): boolean;
}
