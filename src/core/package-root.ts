import { createRequire } from 'node:module';
import path from 'node:path';

/** Folder of this package, where `recipes/` and `models/` lie: the same from the source and from the build. */
export const packageRoot = path.dirname(createRequire(import.meta.url).resolve('neural-codec/package.json'));
