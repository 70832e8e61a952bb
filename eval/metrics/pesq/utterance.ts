import type { Run } from './activity.ts';
import type { Delay } from './delay.ts';

/** A stretch of the reference with one delay. */
export interface Utterance extends Delay {
  /** 4 ms frames [start, end) of the padded reference that take this delay. */
  readonly start: number;
  readonly end: number;
  /** The frames in which there is speech. */
  readonly speech: Run;
}

/** A file is cut into no more than this. */
export const MAX_UTTERANCES = 50;
