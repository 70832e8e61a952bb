import fc from 'fast-check';
import type { ChunkContent, ContainerChunk, ContainerEnd, ContainerHeader } from './container.ts';
import type { Damage } from './container-error.ts';
import { ContainerParser } from './container-parser.ts';
import { ContainerWriter } from './container-writer.ts';

/** For tests: a file in memory with the places of its records. */
export interface TestFile {
  readonly bytes: Uint8Array;
  readonly headerBytes: number;
  readonly chunks: readonly ContainerChunk[];
  readonly end: ContainerEnd;
}

export const testHeader: ContainerHeader = {
  kind: 'audio',
  recipeId: 3,
  fingerprint: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1),
  sampleRateHz: 16_000,
  channels: 1,
  codebooks: 4,
  framesPerChunk: 10,
};

export function makeFile(contents: readonly ChunkContent[], lengthSamples: number): TestFile {
  const writer = new ContainerWriter(testHeader);
  const parts = [writer.start()];
  const headerBytes = parts[0]!.length;
  let at = headerBytes;
  const chunks = contents.map((content, index) => {
    const record = writer.chunk(content);
    parts.push(record);
    const fromByte = at;
    at += record.length;
    return { ...content, index, fromByte, toByte: at };
  });
  parts.push(writer.end(lengthSamples));
  const end = { chunks: chunks.length, lengthSamples };
  return { bytes: Uint8Array.from(Buffer.concat(parts)), headerBytes, chunks, end };
}

const payload = fc.uint8Array({ maxLength: 60 });

/** Files of 0 to 12 chunks, the last perhaps short. */
export const anyFile: fc.Arbitrary<TestFile> = fc
  .tuple(
    fc.array(fc.record({ mode: fc.nat(15), payload }), { maxLength: 12 }),
    fc.integer({ min: 1, max: 10 }),
    fc.nat(10 ** 7),
  )
  .map(([contents, lastFrames, lengthSamples]) => {
    const last = contents.length - 1;
    const frames = (i: number) => (i === last ? lastFrames : 10);
    return makeFile(
      contents.map((content, i) => ({ ...content, frames: frames(i) })),
      lengthSamples,
    );
  });

export interface Parsed {
  readonly header: ContainerHeader | undefined;
  readonly chunks: ContainerChunk[];
  readonly end: ContainerEnd | undefined;
  readonly damages: readonly Damage[];
}

/** Everything a parser makes of these pieces. */
export function parse(pieces: Iterable<Uint8Array>, bestEffort: boolean): Parsed {
  const parser = new ContainerParser({ bestEffort });
  const chunks: ContainerChunk[] = [];
  const drain = () => {
    for (let chunk = parser.next(); chunk; chunk = parser.next()) chunks.push(chunk);
  };
  for (const piece of pieces) {
    parser.push(piece);
    drain();
  }
  parser.finish();
  drain();
  drain(); // asking again must change nothing
  const { header, end, damages } = parser;
  return { header, chunks, end, damages };
}
