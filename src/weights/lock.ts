import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CodecError } from '../core/errors.ts';

/**
 * Runs `work` while `file` keeps other processes from doing the same. A lock whose process is gone counts for nothing.
 * @throws `cannot-download` when another process holds it
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  if (!isHeld(file)) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (cause) {
    throw new CodecError(
      'cannot-download',
      { what: 'another process is fetching the same', found: file, remedy: 'Wait until it is done.' },
      { cause },
    );
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function isHeld(file: string): boolean {
  try {
    // Signal 0 only asks.
    return process.kill(Number(readFileSync(file, 'utf8')), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
