import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { type FileHandle, link, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodecError } from '../core/errors.ts';
import { onProcessExit } from './exit-cleanup.ts';

export interface OutputOptions {
  /** Replace an existing file. Default false. */
  readonly force?: boolean;
}

/** A path about to be written: the work happens in a temporary file beside it. */
export interface OutputPath {
  readonly path: string;
  readonly temporaryPath: string;
  /** False for pipes and devices (`/dev/stdout`), which are written in place. */
  readonly seekable: boolean;
  /** Gives the temporary file its final name. */
  commit(): Promise<void>;
  /** Removes the temporary file. Idempotent; does nothing after `commit`. */
  abort(): Promise<void>;
}

/** An `OutputPath` open for writing bytes. */
export interface AtomicFile extends OutputPath {
  /** Appends. */
  write(bytes: Uint8Array): Promise<void>;
  /** Overwrites bytes already written, e.g. a header. Only where `seekable`. */
  writeAt(bytes: Uint8Array, positionBytes: number): Promise<void>;
}

/**
 * Creates `path.<random>.tmp`, which becomes `path` on `commit` and goes on `abort`, on exit and on SIGINT,
 * SIGTERM or SIGHUP. A reader of `path` sees the old file, none, or the complete new one.
 *
 * Throws `output-exists` (now, or at `commit` if a file appears meanwhile) unless `force`; `bad-argument` if the
 * folder is absent or writing fails.
 */
export async function createAtomicFile(path: string, options: OutputOptions = {}): Promise<AtomicFile> {
  const output = await reserveOutput(path, options);
  let handle: FileHandle;
  try {
    handle = await open(output.temporaryPath, output.seekable ? 'wx' : 'w');
  } catch (error) {
    await output.abort();
    throw notWritable(path, error);
  }
  let isOpen = true;
  const close = async () => {
    if (isOpen) {
      isOpen = false;
      await handle.close();
    }
  };
  const writeFully = async (bytes: Uint8Array, positionBytes: number | null) => {
    try {
      for (let done = 0; done < bytes.length; ) {
        const at = positionBytes === null ? null : positionBytes + done;
        done += (await handle.write(bytes, done, bytes.length - done, at)).bytesWritten;
      }
    } catch (error) {
      throw notWritable(path, error);
    }
  };
  return {
    ...output,
    write: (bytes) => writeFully(bytes, null),
    writeAt: writeFully,
    async commit() {
      await close();
      await output.commit();
    },
    async abort() {
      await close();
      await output.abort();
    },
  };
}

/**
 * Names a temporary file beside `path` for another program to write; `extension` (`.flac`) is put at its end.
 * Errors as for `createAtomicFile`.
 */
export async function reserveOutput(
  path: string,
  { force = false, extension = '' }: OutputOptions & { readonly extension?: string } = {},
): Promise<OutputPath> {
  const existing = await statIfPresent(path);
  if (existing?.isDirectory()) throw notWritable(path, new Error('a directory'));
  if (existing && !existing.isFile()) {
    const nothing = async () => {};
    return { path, temporaryPath: path, seekable: false, commit: nothing, abort: nothing };
  }
  if (existing && !force) throw outputExists(path);
  // Replace the file a symbolic link points to, not the link.
  const finalPath = existing ? await realpath(path) : path;
  if (!(await statIfPresent(dirname(finalPath)))?.isDirectory()) {
    throw notWritable(path, new Error(`no folder ${dirname(finalPath)}`));
  }
  const temporaryPath = `${finalPath}.${randomBytes(6).toString('hex')}.tmp${extension}`;
  let settled = false;
  const forget = onProcessExit(() => {
    try {
      unlinkSync(temporaryPath);
    } catch {
      // Not created yet, or gone already: nothing left behind either way.
    }
  });
  const abort = async () => {
    if (settled) return;
    settled = true;
    await unlink(temporaryPath).catch(() => {});
    forget();
  };
  const commit = async () => {
    if (settled) return;
    try {
      if (force) await rename(temporaryPath, finalPath);
      else await moveToNewName(temporaryPath, finalPath);
      settled = true;
      forget();
    } catch (error) {
      await abort();
      throw error instanceof CodecError ? error : notWritable(path, error);
    }
  };
  return { path, temporaryPath, seekable: true, commit, abort };
}

/** `rename` would silently replace a file that appeared meanwhile; a hard link refuses, in one step. */
async function moveToNewName(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw outputExists(to);
    // Some file systems have no hard links.
    if (await statIfPresent(to)) throw outputExists(to);
    await rename(from, to);
    return;
  }
  await unlink(from);
}

async function statIfPresent(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notWritable(path, error);
  }
}

function outputExists(path: string): CodecError {
  return new CodecError('output-exists', {
    what: `will not overwrite ${path}`,
    found: 'an existing file',
    remedy: 'Add --force or name another output.',
  });
}

function notWritable(path: string, error: unknown): CodecError {
  return new CodecError(
    'bad-argument',
    {
      what: `cannot write ${path}`,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file that can be created',
      remedy: 'Check the folder, its permissions and the free space, or name another output.',
    },
    { cause: error },
  );
}

/** Writes a whole file: all of it, or nothing. Errors as for `createAtomicFile`. */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: OutputOptions = {},
): Promise<void> {
  const file = await createAtomicFile(path, options);
  try {
    await file.write(typeof content === 'string' ? Buffer.from(content) : content);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}
