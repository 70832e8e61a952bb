import { createReadStream, existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import { reserveOutput } from '../media/atomic-file.ts';
import { openByteSink } from '../media/byte-sink.ts';
import { isWeightsPath } from '../weights/store.ts';

/** The same path with another extension; - stays what it is. */
export function replaceExtension(file: string, extension: string): string {
  if (file === '-') return '-';
  const { dir, name } = path.parse(file);
  return path.join(dir, name + extension);
}

/** Where to write what is made of weights: beside a file, or into this folder for weights named by their name. */
export function outputBeside(input: string, file: string, extension: string): string {
  return replaceExtension(isWeightsPath(input) ? input : path.basename(file), extension);
}

/** Bytes of a file, whose size is known, or of standard input, counted as they pass. */
export function readBytes(input: string): {
  readonly sizeBytes: number | undefined;
  bytes(): AsyncIterable<Uint8Array>;
  count(): number;
} {
  if (input !== '-' && !(existsSync(input) && statSync(input).isFile())) {
    throw new CodecError('bad-container', {
      what: `cannot read ${input}`,
      found: existsSync(input) ? 'a folder' : 'no such file',
      remedy: 'Check the path.',
    });
  }
  let count = 0;
  return {
    sizeBytes: input === '-' ? undefined : statSync(input).size,
    async *bytes() {
      for await (const chunk of input === '-' ? process.stdin : createReadStream(input)) {
        count += (chunk as Uint8Array).length;
        yield chunk as Uint8Array;
      }
    },
    count: () => count,
  };
}

/** Throws `bad-argument` for an output that would take the place of its own input, which --force does not mean. */
export function assertOtherFile(input: string, output: string): void {
  if (input === '-' || output === '-' || !existsSync(input) || !existsSync(output)) return;
  if (realpathSync(input) !== realpathSync(output)) return;
  throw new CodecError('bad-argument', {
    what: `cannot write ${output}`,
    found: 'the input itself',
    remedy: 'Name another output with -o.',
  });
}

/** Refuses an output before there is anything to write, as writing would: what makes it may take hours. */
export async function assertWritable(output: string, options: { force: boolean }): Promise<void> {
  if (output !== '-') await (await reserveOutput(output, options)).abort();
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
