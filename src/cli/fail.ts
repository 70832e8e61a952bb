import { CodecError } from '../core/errors.ts';

/** Prints an error as one line on stderr; gives the exit status: 1 failed, 2 wrong usage. */
export function fail(error: unknown, usage: boolean): 1 | 2 {
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ');
  if (usage) process.stderr.write(`codec: ${message} (codec --help shows what there is)\n`);
  else if (error instanceof CodecError) process.stderr.write(`codec: ${message}\n`);
  else process.stderr.write(`codec: unexpected error: ${message} (NODE_DEBUG=codec shows where)\n`);
  if (!(error instanceof CodecError) && process.env.NODE_DEBUG === 'codec' && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  return usage ? 2 : 1;
}
