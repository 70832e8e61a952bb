import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findItems } from './items.ts';

describe('items', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'items-'));
  const at = (...names: string[]) => path.join(folder, ...names);
  const write = (name: string, text = '') => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };

  const written = (name: string, text: string, input = name) => {
    write(name, text);
    return [at(input)];
  };

  beforeAll(() => {
    for (const name of [
      'set/b.wav',
      'set/a/x.flac',
      'set/a/x.wav',
      'set/notes.txt',
      'other/b.wav',
      'other/c.d.wav',
    ])
      write(name);
  });

  it('of folders, by their names; the same name with another extension keeps it', () => {
    expect(findItems([at('set')])).toEqual([
      { id: 'a/x.flac', path: at('set', 'a', 'x.flac') },
      { id: 'a/x.wav', path: at('set', 'a', 'x.wav') },
      { id: 'b', path: at('set', 'b.wav') },
    ]);
  });

  it('of several folders, files and globs; what would have one name gets its path', () => {
    const globbed = findItems([at('set', 'b.wav'), at('other', '*.wav')]);
    expect(globbed.map(({ id }) => id)).toEqual([
      at('set', 'b.wav').slice(1),
      at('other', 'b.wav').slice(1),
      'c.d',
    ]);
  });

  it('of manifests', () => {
    write(
      'm.jsonl',
      '{"path": "set/b.wav", "id": "one", "text": "hello", "speaker": 7}\n\n{"path": "set/b.wav", "start": 1.5, "end": "2"}\n',
    );
    expect(findItems([at('m.jsonl')])).toEqual([
      { id: 'one', path: at('set', 'b.wav'), text: 'hello', metadata: { speaker: 7 } },
      { id: 'set/b_1.5-2', path: at('set', 'b.wav'), startSeconds: 1.5, endSeconds: 2 },
    ]);
    write(
      'm.csv',
      'id, path,text,start,end,speaker\nu1,set/b.wav,"a, ""b""\nc",,2.5,x\nu2,set/a/x.wav,,,,\n',
    );
    expect(findItems([at('m.csv')])).toEqual([
      { id: 'u1', path: at('set', 'b.wav'), text: 'a, "b"\nc', endSeconds: 2.5, metadata: { speaker: 'x' } },
      { id: 'u2', path: at('set', 'a', 'x.wav'), metadata: { speaker: '' } },
    ]);
  });

  it.each<[string, () => string[], string]>([
    ['what is absent', () => [at('nothing.wav')], 'no such file or folder'],
    ['a glob of nothing', () => [at('*.mp3')], 'no file that fits'],
    ['a folder without sound', () => written('empty/x.txt', '', 'empty'), 'a folder without sound files'],
    ['no inputs', () => [], 'no sound files'],
    ['a line that is no JSON', () => written('bad.jsonl', '{}x\n'), 'line 1 of'],
    ['a row without a path', () => written('bad.jsonl', '{"id": "x"}\n'), 'no "path"'],
    ['a time that is none', () => written('bad.csv', 'path,start\nset/b.wav,soon\n'), 'found soon'],
    [
      'an id twice',
      () => written('bad.jsonl', '{"path": "set/b.wav", "id": "x"}\n{"path": "set/a/x.wav", "id": "x"}\n'),
      'the id "x" twice',
    ],
    ['a broken CSV', () => written('bad.csv', 'path,start\nset/b.wav,1,2,3\n'), 'got 4 on line 2'],
  ])('refuses %s', (_, inputs, message) => {
    expect(() => findItems(inputs())).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(message) }),
    );
  });
});
