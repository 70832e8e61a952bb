import { CodecError } from '../src/index.ts';

/** An error as rows and messages between processes carry it. */
export interface Failure {
  /** One of the library's error codes, or `unexpected`. */
  readonly code: string;
  /** One line. */
  readonly message: string;
}

export function failureFrom(error: unknown): Failure {
  const code = error instanceof CodecError ? error.code : 'unexpected';
  return {
    code,
    message: (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' '),
  };
}
