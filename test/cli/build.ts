import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The command as it ships. */
export const main = path.join(root, 'dist/src/cli/main.js');

const lock = path.join(root, 'node_modules/.test-build-lock');
const LOCK_MS = 60_000;

/** Compiles the package unless its build is newer than its source. Test files run at once, and one of them builds. */
export async function ensureBuilt(): Promise<void> {
  if (isFresh()) return;
  while (!takeLock()) await sleep(100);
  try {
    if (isFresh()) return;
    const build = path.join(root, 'scripts/build.mjs');
    const { status, stderr } = spawnSync(process.execPath, [build], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the build failed: ${stderr}`);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function isFresh(): boolean {
  if (!existsSync(main)) return false;
  const built = statSync(main).mtimeMs;
  return ['src', 'eval'].every((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .every((file) => statSync(path.join(root, folder, file)).mtimeMs < built),
  );
}

/** Making a folder either works or tells that another did. A lock left by a run that was killed grows old. */
function takeLock(): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_MS) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}
