import { extract, pack } from 'tar-stream';
import { decodeNpy, encodeNpy } from '../npy.ts';
import { infoOf, type RowInfo } from '../row.ts';
import type { ShardFormat } from './format.ts';

const EPOCH = new Date(0);

/** A tar with three files for each item, as the webdataset package reads them: its tokens, what is known of it, its text. */
export const webdataset: ShardFormat = {
  about: 'a tar with KEY.npy [streams, positions], KEY.json and KEY.txt for each item',
  extension: 'tar',
  async write(rows, { intType, streams, firstItem }) {
    const tar = pack();
    const parts: Uint8Array[] = [];
    const done = (async () => {
      for await (const part of tar) parts.push(part as Uint8Array);
    })();
    for (const [i, row] of rows.entries()) {
      // Ids may have dots and slashes, with which a key would end.
      const key = String(firstItem + i).padStart(9, '0');
      const add = (extension: string, bytes: Buffer) =>
        tar.entry({ name: `${key}.${extension}`, mtime: EPOCH, mode: 0o644 }, bytes);
      const length = row.tokens[0]!.length;
      const values = new Int32Array(streams * length);
      for (const [s, stream] of row.tokens.entries()) values.set(stream, s * length);
      add('npy', encodeNpy([streams, length], values, intType));
      add('json', Buffer.from(JSON.stringify(infoOf(row))));
      if (row.text !== undefined) add('txt', Buffer.from(row.text));
    }
    tar.finalize();
    await done;
    return [{ extension: 'tar', bytes: Buffer.concat(parts) }];
  },
  async *read(read) {
    const tar = extract();
    tar.end(await read('tar'));
    const waiting = new Map<string, Int32Array[]>();
    for await (const entry of tar) {
      const parts: Uint8Array[] = [];
      for await (const part of entry) parts.push(part as Uint8Array);
      const bytes = Buffer.concat(parts);
      const [, key = '', extension] = /^([^.]*)\.(.*)$/.exec(entry.header.name) ?? [];
      if (extension === 'npy') {
        const { shape, values } = decodeNpy(bytes, entry.header.name);
        const [streams = 0, length = 0] = shape;
        waiting.set(
          key,
          Array.from({ length: streams }, (_, s) => values.slice(s * length, (s + 1) * length)),
        );
      } else if (extension === 'json' && waiting.has(key)) {
        yield { ...(JSON.parse(bytes.toString()) as RowInfo), tokens: waiting.get(key)! };
        waiting.delete(key);
      }
    }
  },
};
