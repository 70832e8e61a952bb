import { CodecError } from '../core/errors.ts';

/** What tfjs' complaint about an op that a backend cannot do means to the user; undefined for other errors. */
export function missingKernel(error: unknown, engine: string, alternative?: string): CodecError | undefined {
  const name = /kernel '(\w+)'/i.exec(error instanceof Error ? error.message : '')?.[1];
  if (!name) return undefined;
  return new CodecError(
    'missing-kernel',
    {
      what: `the ${engine} engine has no kernel for the TensorFlow.js op ${name}`,
      remedy: `Run with --engine tfjs-cpu${alternative ? `, ${alternative}` : ''}.`,
    },
    { cause: error },
  );
}
