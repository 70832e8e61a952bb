import type { Container } from '../bitstream2/container-reader.ts';
import type { ContainerHeader } from '../bitstream2/header.ts';

export interface ContainerSummary {
  readonly header: ContainerHeader;
  readonly chunks: number;
  readonly frames: number;
  /** Bytes of codes, without headers and checksums. */
  readonly payloadBytes: number;
  readonly lengthSamples: number;
}

/** Reads a whole container without decoding it. */
export async function inspectContainer(container: Container): Promise<ContainerSummary> {
  let [chunks, frames, payloadBytes, lengthSamples] = [0, 0, 0, 0];
  for await (const record of container.records()) {
    if (record.kind === 'end') {
      lengthSamples = record.lengthSamples;
    } else {
      chunks++;
      frames += record.frames;
      payloadBytes += record.payload.length;
    }
  }
  return { header: container.header, chunks, frames, payloadBytes, lengthSamples };
}
