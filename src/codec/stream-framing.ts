import type { Framing } from './framing.ts';
import { StreamDecoder } from './stream-decoder.ts';
import { StreamEncoder } from './stream-encoder.ts';

/**
 * One signal from start to end, chunk after chunk, for models whose layers look back only (or come late instead).
 * @param fileFrames latent frames per chunk of a file
 */
export function streamFraming(fileFrames: number): Framing {
  return {
    segmented: false,
    encoder: (model, codebooks) => new StreamEncoder(model, codebooks),
    decoder: (model, codebooks) => new StreamDecoder(model, codebooks),
    framesPerChunk: () => fileFrames,
    chunkFrames({ hopLength, parts }, index, lengthSamples) {
      const frames = Math.ceil((lengthSamples + parts.delaySamples) / hopLength);
      return Math.max(0, Math.min(fileFrames, frames - index * fileFrames));
    },
  };
}
