import type { Framing } from './framing.ts';
import { SegmentDecoder } from './segment-decoder.ts';
import { SegmentEncoder } from './segment-encoder.ts';
import type { SegmentLayout } from './segment-layout.ts';

/**
 * Segments coded each on its own, faded into each other where they overlap (EnCodec's 48 kHz model: Défossez et al. 2022,
 * section 3.1): for models that see a segment as a whole. A file's chunk is a segment.
 */
export function segmentFraming(layout: SegmentLayout): Framing {
  const { lengthSamples: length, strideSamples: stride } = layout;
  return {
    segmented: true,
    layout,
    encoder: (model, codebooks) => new SegmentEncoder(model, codebooks, layout),
    decoder: (model, codebooks) => new SegmentDecoder(model, codebooks, layout),
    framesPerChunk: ({ hopLength }) => Math.ceil(length / hopLength),
    chunkFrames({ hopLength }, index, lengthSamples) {
      return Math.ceil(Math.max(0, Math.min(length, lengthSamples - index * stride)) / hopLength);
    },
  };
}
