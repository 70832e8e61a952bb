import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodecError, isManifest, readManifest } from '../../src/index.ts';
import { type Media, mediaOfFile } from '../media.ts';

/** Something to code. */
export interface Item {
  /** Its name in rows: unlike any other's. */
  readonly id: string;
  readonly path: string;
  readonly media: Media;
}

/**
 * Items from files, folders (everything in them with a known extension, by name) and manifests: `.jsonl` with one
 * `{"path": …, "id": …}` a line, or `.csv` with a header that has a column `path` and maybe `id`; paths are relative to the
 * manifest.
 *
 * Throws `bad-argument` for what is absent or empty. Whether a file can be read shows when it is its turn.
 */
export function findItems(inputs: readonly string[]): Item[] {
  const items = inputs.flatMap((input) => {
    if (!existsSync(input)) throw unusable(input, 'no such file or folder');
    if (statSync(input).isDirectory()) return itemsInFolder(input);
    if (isManifest(input)) return itemsOfManifest(input);
    return [item(path.basename(input), input)];
  });
  if (items.length === 0) throw unusable(inputs.join(', '), 'nothing to code');
  const counts = new Map<string, number>();
  for (const { id } of items) counts.set(id, (counts.get(id) ?? 0) + 1);
  const named = items.map((each) => (counts.get(each.id)! > 1 ? { ...each, id: each.path } : each));
  return named.filter(({ id }, i) => named.findIndex((other) => other.id === id) === i);
}

function item(id: string, file: string): Item {
  return { id, path: path.resolve(file), media: mediaOfFile(file) ?? 'audio' };
}

function itemsInFolder(folder: string): Item[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => mediaOfFile(name) && statSync(path.join(folder, name)).isFile());
  if (files.length === 0) throw unusable(folder, 'a folder without sound, pictures or video');
  return files.map((name) => item(name.split(path.sep).join('/'), path.join(folder, name)));
}

function itemsOfManifest(manifest: string): Item[] {
  return readManifest(manifest).map(({ line, value: { path: file, id } }) => {
    if (typeof file !== 'string' || file === '') throw unusable(`line ${line} of ${manifest}`, 'no "path"');
    const name = typeof id === 'string' && id !== '' ? id : file;
    return item(name, path.resolve(path.dirname(manifest), file));
  });
}

function unusable(what: string, found: string): CodecError {
  return new CodecError('bad-argument', {
    what: `cannot evaluate ${what}`,
    found,
    expected: 'files, folders, or a manifest (.jsonl or .csv) of them',
  });
}
