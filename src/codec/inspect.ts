import type { ContainerReader } from '../bitstream/container-reader.ts';
import type { OpenEcdc } from './ecdc.ts';
import { plainSegmentBytes, trailing, truncated } from './ecdc-codes.ts';

export interface ContainerSummary {
  readonly chunks: number;
  readonly frames: number;
  /** Bytes of codes, without headers and checksums. */
  readonly payloadBytes: number;
  readonly lengthSamples: number;
}

/** Reads a whole container without decoding it. */
export async function inspectContainer(container: ContainerReader): Promise<ContainerSummary> {
  let [chunks, frames, payloadBytes] = [0, 0, 0];
  for await (const chunk of container.chunks()) {
    chunks++;
    frames += chunk.frames;
    payloadBytes += chunk.payload.length;
  }
  return { chunks, frames, payloadBytes, lengthSamples: container.end?.lengthSamples ?? 0 };
}

/**
 * Reads a whole `.ecdc` file without decoding it. Throws `bad-container` when the codes are not as long as the header says;
 * what the language model made of them can be of any length.
 */
export async function inspectEcdc(
  { header, feed }: OpenEcdc,
  { hopLength, codebookSize }: { readonly hopLength: number; readonly codebookSize: number },
): Promise<{ frames: number; payloadBytes: number }> {
  const frames = Math.ceil(header.lengthSamples / hopLength);
  let payloadBytes = 0;
  for await (const piece of feed.rest()) payloadBytes += piece.length;
  if (!header.languageModel) {
    const expected = plainSegmentBytes(frames, header.codebooks, codebookSize);
    if (payloadBytes < expected) throw truncated(feed.position);
    if (payloadBytes > expected) throw trailing(feed.position - payloadBytes + expected, header);
  }
  return { frames, payloadBytes };
}
