import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Codes } from '../../src/index.ts';

/** Keeps codes under the folder of results: a line of JSON about them, then int32 [codebooks, frames], little-endian. */
export function writeCodes(output: string, name: string, codes: Codes): string {
  const { codebooks, frames, codebookSize, indices } = codes;
  mkdirSync(path.join(output, 'codes'), { recursive: true });
  const head = Buffer.from(`${JSON.stringify({ codebooks, frames, codebookSize })}\n`);
  const file = `codes/${name}.codes`;
  const body = Buffer.from(indices.buffer, indices.byteOffset, indices.byteLength);
  writeFileSync(path.join(output, file), Buffer.concat([head, body]));
  return file;
}

export function readCodes(output: string, file: string): Codes {
  const bytes = readFileSync(path.join(output, file));
  const end = bytes.indexOf(10);
  const body = bytes.subarray(end + 1);
  const indices = new Int32Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
  return { ...JSON.parse(bytes.subarray(0, end).toString()), indices };
}
