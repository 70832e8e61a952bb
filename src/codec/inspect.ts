import type { ContainerReader } from '../bitstream/container-reader.ts';

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
