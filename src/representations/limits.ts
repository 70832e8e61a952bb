import { CodecError } from '../core/errors.ts';
import { badPayload } from '../entropy/entropy-coder.ts';

/** Samples of all channels of a picture or sound, at most: what fits in memory with all that a fit needs. */
const MAX_SAMPLES = 2 ** 28;

/** Throws `bad-container` for a file that asks for more than `most` samples. */
export function assertDecodable(samples: number, most = MAX_SAMPLES): void {
  if (samples > most) throw badPayload(`${samples} samples`, `at most ${most} of all channels`);
}

/** Throws `code` for a signal of more than `most` samples. */
export function assertFittable(samples: number, code: 'bad-image' | 'bad-audio', most = MAX_SAMPLES): void {
  if (samples <= most) return;
  throw new CodecError(code, {
    what: `cannot encode this ${code === 'bad-image' ? 'picture' : 'sound'}`,
    found: `${samples} samples of all channels`,
    expected: `at most ${most}`,
    remedy: 'Cut it into parts.',
  });
}
