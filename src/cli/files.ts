import { createReadStream, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import { openByteSink } from '../media/byte-sink.ts';

/** The same path with another extension; - stays what it is. */
export function replaceExtension(file: string, extension: string): string {
  if (file === '-') return '-';
  const { dir, name } = path.parse(file);
  return path.join(dir, name + extension);
}

/** Bytes of a file or of standard input, counted as they pass. */
export function readBytes(input: string): { bytes(): AsyncIterable<Uint8Array>; count(): number } {
  if (input !== '-' && !(existsSync(input) && statSync(input).isFile())) {
    throw new CodecError('bad-container', {
      what: `cannot read ${input}`,
      found: existsSync(input) ? 'a folder' : 'no such file',
      remedy: 'Check the path.',
    });
  }
  let count = 0;
  return {
    async *bytes() {
      for await (const chunk of input === '-' ? process.stdin : createReadStream(input)) {
        count += (chunk as Uint8Array).length;
        yield chunk as Uint8Array;
      }
    },
    count: () => count,
  };
}

/** Writes bytes that are all here to a file or to standard output. */
export async function writeBytes(
  output: string,
  bytes: Uint8Array,
  options: { force: boolean },
): Promise<void> {
  const sink = await openByteSink(output === '-' ? process.stdout : output, options);
  try {
    await sink.write(bytes);
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
