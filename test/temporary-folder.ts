import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Gives the whole run a temporary folder of its own, whose end is the end of all that tests leave in it. */
export default function setup(): () => void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'neural-codec-test-'));
  // What os.tmpdir() reads on POSIX systems and on Windows.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
