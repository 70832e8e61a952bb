import { CodecError } from '../../core/errors.ts';
import type { TokenDataset } from '../dataset/read-dataset.ts';
import { AcousticBpe, type Compression } from './acoustic-bpe.ts';

export interface DatasetBpeOptions {
  /** Ids in all: those of the dataset's vocabulary, and pieces. */
  readonly size: number;
  /** Which stream, where a row has several. */
  readonly stream?: number;
  /** Every n-th row is kept from training, to measure on. Default 10; 0 keeps none. */
  readonly heldOutEvery?: number;
  /** See `AcousticBpe.train`. */
  readonly minCount?: number;
}

export interface DatasetBpe {
  readonly bpe: AcousticBpe;
  readonly trained: Compression;
  /** On rows not trained on; absent without them. */
  readonly heldOut?: Compression;
}

/**
 * Learns pieces from the rows of a dataset.
 * @throws `bad-argument` where rows have several streams and none is chosen, and as `AcousticBpe.train` does
 */
export async function trainBpe(
  { info, sequencer, rows }: TokenDataset,
  { size, stream, heldOutEvery = 10, minCount }: DatasetBpeOptions,
): Promise<DatasetBpe> {
  const chosen = stream ?? (info.streams === 1 ? 0 : Number.NaN);
  if (!(Number.isInteger(chosen) && chosen >= 0 && chosen < info.streams)) {
    throw new CodecError('bad-argument', {
      what: 'cannot learn pieces',
      found:
        stream === undefined ? `rows of ${info.streams} streams, none of them chosen` : `stream ${stream}`,
      expected: `a stream from 0 to ${info.streams - 1}, or a layout of one stream`,
      remedy:
        'Pieces of several streams would not keep in step: choose one, or tokenize with the layout flatten.',
    });
  }
  const [training, others]: [Int32Array[], Int32Array[]] = [[], []];
  let index = 0;
  for await (const { tokens } of rows()) {
    index++;
    (heldOutEvery > 0 && index % heldOutEvery === 0 ? others : training).push(tokens[chosen]!);
  }
  const { vocabulary } = sequencer;
  const bpe = AcousticBpe.train(training, { vocabulary, size, ...(minCount !== undefined && { minCount }) });
  return {
    bpe,
    trained: bpe.compression(training),
    ...(others.length > 0 && { heldOut: bpe.compression(others) }),
  };
}
