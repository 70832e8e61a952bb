import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { CodecError } from '../../core/errors.ts';
import { isManifest, readManifest } from '../../media/manifest.ts';
import type { DatasetItem } from './row.ts';

const AUDIO = /\.(wav|wave|flac|mp3|ogg|oga|opus|m4a|aac|aif|aiff|wma|caf|amr|g722|mka|webm)$/i;

/** An item whose id may not be its own yet. */
interface Found extends DatasetItem {
  /** Named by a manifest, not after its file. */
  readonly named: boolean;
}

/**
 * Items from files, folders (every sound file in them, by its extension), globs and manifests. A manifest is `.jsonl` with an
 * object a line or `.csv` with a header: `path` (relative to the manifest), and if wanted `id`, `text`, `start` and `end` in
 * seconds; whatever else it has is kept as metadata. Ids are a manifest's, or file names without extension (with their folders
 * below the one given), and in the order given.
 *
 * Throws `bad-argument` for what is absent or empty, manifests that are not as said, and ids given twice. Whether a file can be
 * read shows when it is its turn.
 */
export function findItems(inputs: readonly string[]): DatasetItem[] {
  const found = inputs.flatMap(itemsOf);
  if (found.length === 0) throw unusable(inputs.join(', ') || 'nothing', 'no sound files');
  return unique(found);
}

function itemsOf(input: string): Found[] {
  if (!existsSync(input)) {
    const files = isDynamicPattern(input)
      ? globSync(input, { expandDirectories: false, absolute: path.isAbsolute(input) }).sort()
      : [];
    if (files.length > 0) return files.flatMap(itemsOf);
    throw unusable(input, isDynamicPattern(input) ? 'no file that fits' : 'no such file or folder');
  }
  if (statSync(input).isDirectory()) return itemsInFolder(input);
  if (isManifest(input)) return itemsOfManifest(input);
  return [{ id: stem(path.basename(input)), path: input, named: false }];
}

function itemsInFolder(folder: string): Found[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => AUDIO.test(name) && statSync(path.join(folder, name)).isFile())
    .map((name) => name.split(path.sep).join('/'))
    .sort();
  if (names.length === 0) throw unusable(folder, 'a folder without sound files');
  return names.map((name) => ({ id: stem(name), path: path.join(folder, name), named: false }));
}

function itemsOfManifest(manifest: string): Found[] {
  return readManifest(manifest).map(({ line, value }) => {
    const where = `line ${line} of ${manifest}`;
    const { path: file, id, text, start, end, ...rest } = value;
    if (typeof file !== 'string' || file === '') throw unusable(where, 'no "path"');
    const startSeconds = seconds(start, `"start" on ${where}`);
    const endSeconds = seconds(end, `"end" on ${where}`);
    const part =
      startSeconds === undefined && endSeconds === undefined
        ? ''
        : `_${startSeconds ?? 0}-${endSeconds ?? 'end'}`;
    const given = present(id);
    return {
      id: given ?? `${below(stem(file))}${part}`,
      path: path.resolve(path.dirname(manifest), file),
      named: given !== undefined,
      ...(startSeconds !== undefined && { startSeconds }),
      ...(endSeconds !== undefined && { endSeconds }),
      ...(present(text) !== undefined && { text: present(text)! }),
      ...(Object.keys(rest).length > 0 && { metadata: rest }),
    };
  });
}

/** Text that is there. */
function present(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value);
}

function seconds(value: unknown, where: string): number | undefined {
  const text = present(value);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  throw unusable(where, text);
}

/** Files that would have one name keep their extension, or their whole path. */
function unique(found: readonly Found[]): DatasetItem[] {
  const taken = (items: readonly Found[]) => {
    const counts = new Map<string, number>();
    for (const { id } of items) counts.set(id, (counts.get(id) ?? 0) + 1);
    return ({ id }: Found) => counts.get(id)! > 1;
  };
  let items = found;
  for (const longer of [
    (item: Found) => `${item.id}${path.extname(item.path)}`,
    (item: Found) => below(item.path),
  ]) {
    const isTaken = taken(items);
    items = items.map((item) => (!item.named && isTaken(item) ? { ...item, id: longer(item) } : item));
  }
  const isTaken = taken(items);
  const twice = items.find(isTaken);
  if (twice) throw unusable(twice.path, `the id "${twice.id}" twice`);
  return items.map(({ named: _, ...item }) => item);
}

/** A path as a name below any folder: without what leads up or to the root. */
function below(file: string): string {
  return file
    .split(path.sep)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}

function stem(file: string): string {
  return file.slice(0, file.length - path.extname(file).length);
}

function unusable(what: string, found: string): CodecError {
  return new CodecError('bad-argument', {
    what: `cannot tokenize ${what}`,
    found,
    expected: 'sound files, folders, globs, or a manifest (.jsonl or .csv) of them, no id twice',
  });
}
