import { CodecError } from '../../../core/errors.ts';
import { decodeNpy, encodeNpy } from '../npy.ts';
import { infoOf, type RowInfo } from '../row.ts';
import type { ShardFormat } from './format.ts';
import { parseLines } from './jsonl.ts';

/** One array [streams, positions] of all items of the shard, one after another, and beside it where each lies. */
export const npy: ShardFormat = {
  about: 'an array [streams, positions] of all items in a row, and a .jsonl beside it with their offsets',
  extension: 'npy',
  async write(rows, { intType, streams }) {
    const total = rows.reduce((sum, row) => sum + row.tokens[0]!.length, 0);
    const values = new Int32Array(streams * total);
    const lines: string[] = [];
    let offset = 0;
    for (const row of rows) {
      const length = row.tokens[0]!.length;
      for (const [s, stream] of row.tokens.entries()) values.set(stream, s * total + offset);
      lines.push(`${JSON.stringify({ ...infoOf(row), offset, length })}\n`);
      offset += length;
    }
    return [
      { extension: 'npy', bytes: encodeNpy([streams, total], values, intType) },
      { extension: 'jsonl', bytes: Buffer.from(lines.join('')) },
    ];
  },
  async *read(read) {
    const { shape, values } = decodeNpy(await read('npy'), 'a shard');
    const [streams = 0, total = 0] = shape;
    for (const row of parseLines(Buffer.from(await read('jsonl')).toString(), 'the index of a shard')) {
      const { offset, length, ...info } = row as unknown as RowInfo & { offset: number; length: number };
      if (!(offset >= 0 && length >= 0 && offset + length <= total)) {
        throw new CodecError('bad-tokens', {
          what: `cannot read the row "${info.id}"`,
          found: `positions ${offset} to ${offset + length}`,
          expected: `positions of the shard's ${total}`,
        });
      }
      const tokens = Array.from({ length: streams }, (_, s) =>
        values.slice(s * total + offset, s * total + offset + length),
      );
      yield { ...info, tokens };
    }
  },
};
