import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAtomicFile, reserveOutput } from './atomic-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
  path = join(folder, 'out.bin');
});
afterEach(() => rm(folder, { recursive: true }));

const text = (value: string) => Buffer.from(value);

it('appears only when complete', async () => {
  const file = await createAtomicFile(path);
  await file.write(text('____ world'));
  await file.writeAt(text('hey,'), 0);
  await file.write(text('!'));
  expect(existsSync(path)).toBe(false);
  expect((await readdir(folder))[0]).toMatch(/^out\.bin\.[0-9a-f]{12}\.tmp$/);
  await file.commit();
  await file.abort();
  expect(await readFile(path, 'utf8')).toBe('hey, world!');
  expect(await readdir(folder)).toEqual(['out.bin']);
});

it('abort removes it', async () => {
  const file = await createAtomicFile(path);
  await file.write(text('half'));
  await file.abort();
  await file.abort();
  expect(await readdir(folder)).toEqual([]);
});

it('refuses to overwrite, at once or at the end, unless forced', async () => {
  const refusal = {
    code: 'output-exists',
    message: expect.stringContaining('Add --force or name another output.'),
  };
  const late = await createAtomicFile(path);
  await writeFile(path, 'old');
  await expect(createAtomicFile(path)).rejects.toMatchObject(refusal);
  await expect(late.commit()).rejects.toMatchObject(refusal);
  expect(await readdir(folder)).toEqual(['out.bin']);
  const file = await createAtomicFile(path, { force: true });
  await file.write(text('new'));
  expect(await readFile(path, 'utf8')).toBe('old');
  await file.commit();
  expect(await readFile(path, 'utf8')).toBe('new');
});

it('replaces what a symbolic link points to, and keeps the link', async () => {
  await mkdir(join(folder, 'real'));
  await writeFile(join(folder, 'real', 'file'), 'old');
  await symlink(join(folder, 'real', 'file'), path);
  const file = await createAtomicFile(path, { force: true });
  await file.write(text('new'));
  await file.commit();
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, 'real', 'file'), 'utf8')).toBe('new');
});

it('writes devices in place, without force', async () => {
  const file = await createAtomicFile('/dev/null');
  expect(file.seekable).toBe(false);
  await file.write(text('gone'));
  await file.commit();
  expect(existsSync('/dev/null')).toBe(true);
});

it('a missing folder, a folder, a file for a folder', async () => {
  for (const bad of [join(folder, 'none', 'out'), folder, join('/dev/null', 'out')]) {
    await expect(createAtomicFile(bad, { force: true })).rejects.toMatchObject({ code: 'bad-argument' });
  }
});

it('keeps the extension for programs that need it', async () => {
  const output = await reserveOutput(path, { extension: '.bin' });
  expect(output.temporaryPath).toMatch(/\.tmp\.bin$/);
  await output.abort();
});

it('listens to signals only while a file is open', async () => {
  const before = process.listenerCount('SIGTERM');
  const files = [await createAtomicFile(path), await createAtomicFile(join(folder, 'b'))];
  expect(process.listenerCount('SIGTERM')).toBe(before + 1);
  for (const file of files) await file.abort();
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

describe('in another process', () => {
  /** Compiles the module, as Node 20 does not run TypeScript, and runs `body` with a file open. */
  const start = async (body: string) => {
    const root = join(import.meta.dirname, '../..');
    await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), [
      ...['--ignoreConfig', '--noCheck', '--outDir', join(folder, 'js'), '--rootDir', join(root, 'src')],
      ...[
        '--target',
        'es2023',
        '--module',
        'nodenext',
        '--rewriteRelativeImportExtensions',
        '--types',
        'node',
      ],
      join(import.meta.dirname, 'atomic-file.ts'),
    ]);
    await writeFile(join(folder, 'js', 'package.json'), '{"type":"module"}');
    const script = `import { createAtomicFile } from './media/atomic-file.js';
      const file = (globalThis.file = await createAtomicFile(${JSON.stringify(path)}));
      await file.write(Buffer.from('half'));
      ${body}`;
    await writeFile(join(folder, 'js', 'main.js'), script);
    return spawn(process.execPath, [join(folder, 'js', 'main.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const remains = async () => (await readdir(folder)).filter((name) => name !== 'js');

  it.each([
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
  ] as const)('%s removes the file and ends the process', async (signal) => {
    const child = await start("process.stdout.write('ready'); setInterval(() => {}, 1000);");
    await new Promise((done) => child.stdout.once('data', done));
    expect(await remains()).toHaveLength(1);
    child.kill(signal);
    const died = await new Promise((done) => child.once('exit', (_code, by) => done(by)));
    expect(died).toBe(signal);
    expect(await remains()).toEqual([]);
  });

  it('so does process.exit, keeping its code', async () => {
    const child = await start('process.exit(7);');
    expect(await new Promise((done) => child.once('exit', done))).toBe(7);
    expect(await remains()).toEqual([]);
  });
});
