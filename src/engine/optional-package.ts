import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** The main file of an npm package as this package sees it, or undefined when it is not installed. */
export function resolvePackage(name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/** The version of an installed npm package. */
export function packageVersion(name: string): string | undefined {
  const main = resolvePackage(name);
  if (main === undefined) return undefined;
  // Not every package lets its package.json be asked for by name.
  for (let folder = path.dirname(main); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) {
      const json = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
      if (json.name === name) return json.version;
    }
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Loads a CommonJS package. */
export function requirePackage(name: string): unknown {
  return require(name);
}
