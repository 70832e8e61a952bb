// Compiles src/ and eval/ to dist/, then removes from dist/ what no source stands for any more: files of sources that
// were renamed or removed must not be packed or imported. At no moment is anything missing for those who run the command.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const dist = path.join(root, 'dist');
const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--listEmittedFiles'],
  { cwd: root, encoding: 'utf8' },
);
const emitted = new Set();
for (const line of stdout.split(/\r?\n/)) {
  if (line.startsWith('TSFILE: ')) emitted.add(path.resolve(line.slice('TSFILE: '.length)));
  else if (line) process.stderr.write(`${line}\n`);
}
process.stderr.write(stderr);
if (status === 0) removeOthers(dist);
else process.exitCode = 1;

function removeOthers(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) removeOthers(file);
    else if (!emitted.has(file)) rmSync(file, { force: true });
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
