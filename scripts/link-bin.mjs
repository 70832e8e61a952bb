// Links this package's own command into node_modules/.bin, so that `npx codec` runs this clone's build and never asks
// the registry for a package of that name.
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = path.join(root, 'node_modules', '.bin');
const target = path.join(root, 'dist', 'src', 'cli', 'main.js');
chmodSync(target, 0o755);
if (process.platform !== 'win32') {
  mkdirSync(bin, { recursive: true });
  rmSync(path.join(bin, 'codec'), { force: true });
  symlinkSync(path.relative(bin, target), path.join(bin, 'codec'));
}
