import type { ContainerReader } from '../bitstream/container-reader.ts';
import { type CodebookUse, CodeCounts } from '../core/code-counts.ts';
import { type EntropyCoders, entropyCoderNames, entropyCoders } from '../entropy/catalogue.ts';
import { decodePayload } from './chunk-payload.ts';
import { plainSegmentBytes, SCALE_BYTES } from './ecdc-codes.ts';
import type { OpenEcdc } from './ecdc-decoder.ts';
import { trailing, truncated } from './ecdc-errors.ts';
import type { FrameShape, Framing } from './framing.ts';

export interface ContainerSummary {
  readonly chunks: number;
  readonly frames: number;
  /** Bytes of codes, without headers and checksums. */
  readonly payloadBytes: number;
  readonly lengthSamples: number;
  /** The entropy coders that wrote the chunks, in the catalogue's order. */
  readonly coders: readonly string[];
  /** [codebooks]: bits of each codebook's indices, as the coders count them; only where these are given. */
  readonly codebookBits?: readonly number[];
  /** How the codebooks are used; as `codebookBits`, and only of files with frames. */
  readonly codebookUse?: CodebookUse;
}

/** What reads the codes in chunks. */
interface CodesReading {
  readonly entropy: EntropyCoders;
  readonly codebookSize: number;
  /** Whether chunks are segments with a scale of their own. */
  readonly segmented: boolean;
}

/**
 * Reads a whole container without decoding the sound.
 * @param reading also reads the codes, to tell the bits of each codebook
 * @throws `bad-container`
 */
export async function inspectContainer(
  container: ContainerReader,
  reading?: CodesReading,
): Promise<ContainerSummary> {
  let [chunks, frames, payloadBytes] = [0, 0, 0];
  const { codebooks } = container.header;
  const codebookBits = new Array<number>(codebooks).fill(0);
  const modes = new Set<number>();
  const counts = reading && new CodeCounts({ codebooks, codebookSize: reading.codebookSize });
  for await (const chunk of container.chunks()) {
    chunks++;
    frames += chunk.frames;
    payloadBytes += chunk.payload.length;
    modes.add(chunk.mode);
    if (!reading) continue;
    const { entropy, codebookSize, segmented } = reading;
    const codes = decodePayload(chunk, { codebooks, codebookSize }, segmented, entropy);
    counts?.add(codes);
    for (const [q, bits] of entropy.codebookBits(chunk.mode, codes).entries()) codebookBits[q]! += bits;
  }
  const coders = entropyCoderNames.filter((name) => modes.has(entropyCoders[name].mode));
  return {
    coders,
    ...(reading && { codebookBits }),
    ...(counts && frames > 0 && { codebookUse: counts.use() }),
    chunks,
    frames,
    payloadBytes,
    lengthSamples: container.end?.lengthSamples ?? 0,
  };
}

/**
 * Reads a whole `.ecdc` file without decoding it. Throws `bad-container` when the codes are not as long as the header says;
 * what the language model made of them can be of any length.
 */
export async function inspectEcdc(
  { header, feed }: OpenEcdc,
  framing: Framing,
  shape: FrameShape,
  codebookSize: number,
): Promise<{ frames: number; payloadBytes: number }> {
  const chunks = chunksOf(framing, shape, header.lengthSamples);
  const frames = chunks.reduce((sum, { count, frames }) => sum + count * frames, 0);
  let payloadBytes = 0;
  for await (const piece of feed.rest()) payloadBytes += piece.length;
  if (!header.languageModel) {
    const bytesOf = (n: number) => plainSegmentBytes(n, header.codebooks, codebookSize);
    const expected = framing.segmented
      ? chunks.reduce((sum, { count, frames }) => sum + count * (SCALE_BYTES + bytesOf(frames)), 0)
      : bytesOf(frames);
    if (payloadBytes < expected) throw truncated(feed.position);
    if (payloadBytes > expected) throw trailing(feed.position - payloadBytes + expected, header);
  }
  return { frames, payloadBytes };
}

/** Frames of a signal's chunks, those of one size as a count: a header may claim any length. */
function chunksOf(
  framing: Framing,
  shape: FrameShape,
  lengthSamples: number,
): { count: number; frames: number }[] {
  const framesOf = (index: number) => framing.chunkFrames(shape, index, lengthSamples);
  const full = framing.framesPerChunk(shape);
  let [first, last] = [0, lengthSamples + 1];
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    if (framesOf(middle) === full) first = middle + 1;
    else last = middle;
  }
  const chunks = [{ count: first, frames: full }];
  for (let index = first; framesOf(index) > 0; index++) chunks.push({ count: 1, frames: framesOf(index) });
  return chunks;
}
