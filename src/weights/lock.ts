import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { CodecError, type ErrorCode } from '../core/errors.ts';

/** What to say when another process holds the lock. */
interface Refusal {
  readonly code: ErrorCode;
  readonly what: string;
}

const DOWNLOAD: Refusal = { code: 'cannot-download', what: 'another process is fetching the same' };

/**
 * Runs `work` while `file` keeps other processes from doing the same. A lock whose process is gone counts for nothing.
 * @throws `cannot-download`, or what `refusal` says, when another process holds it
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  refusal: Refusal = DOWNLOAD,
): Promise<T> {
  if (!isHeld(file)) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (cause) {
    throw new CodecError(
      refusal.code,
      { what: refusal.what, found: file, remedy: 'Wait until it is done.' },
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
