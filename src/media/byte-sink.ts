import type { Writable } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import { createAtomicFile, type OutputOptions } from './atomic-file.ts';

/** Where a writer's bytes go, in order; `writeAt` only where the target can go back. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  writeAt?(bytes: Uint8Array, positionBytes: number): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** A path is written atomically (see `createAtomicFile`); a stream is left open for whoever opened it to end. */
export async function openByteSink(target: string | Writable, options: OutputOptions): Promise<ByteSink> {
  if (typeof target !== 'string') return streamSink(target);
  const file = await createAtomicFile(target, options);
  const { write, commit, abort } = file;
  return file.seekable ? file : { write, commit, abort };
}

function streamSink(stream: Writable): ByteSink {
  // Failed writes report through their callback; without a listener the same error would end the process.
  const ignore = () => {};
  stream.on('error', ignore);
  const detach = async () => {
    stream.off('error', ignore);
  };
  return {
    // Waiting for every write is what keeps memory bounded when the reader is slow.
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(notWritable(error)) : resolve()));
      }),
    commit: detach,
    abort: detach,
  };
}

function notWritable(error: Error): CodecError {
  return new CodecError(
    'bad-argument',
    {
      what: 'cannot write to the output stream',
      found: error.message,
      expected: 'a reader that takes all of it',
      remedy: 'Check the program at the other end of the pipe.',
    },
    { cause: error },
  );
}
