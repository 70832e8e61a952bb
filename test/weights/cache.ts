import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** An empty cache for each test of a file, for this process and those it starts. Call it outside the tests. */
export function freshCaches(): () => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'codec-cache-'));
    process.env.NEURAL_CODEC_CACHE = folder;
  });
  afterEach(() => {
    delete process.env.NEURAL_CODEC_CACHE;
    rmSync(folder, { recursive: true });
  });
  return () => folder;
}
