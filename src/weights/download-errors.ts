import { CodecError } from '../core/errors.ts';

/** Codes of Node's network errors that mean: no way to the host at all. */
const NO_WAY = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'];
/** Statuses after which the same request may succeed. */
const TRANSIENT_STATUSES = [408, 425, 429, 500, 502, 503, 504];

const KEPT = 'what has come so far is kept, and the same command goes on from there';

/** A failure after which another try may help. `afterSeconds`: when the server says how long to wait. */
export class Transient extends Error {
  readonly afterSeconds: number | undefined;

  constructor(message: string, afterSeconds?: number) {
    super(message);
    this.afterSeconds = afterSeconds;
  }
}

/** What a failed request or a body that broke off means: a `Transient`, or the error to throw. */
export function networkFailure(url: string, error: unknown, started: boolean): Transient | CodecError {
  if (error instanceof CodecError || error instanceof Transient) return error;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code, message } = (cause ?? {}) as { code?: string; message?: string };
  const found = code ?? message ?? String(cause);
  if (code !== undefined && NO_WAY.includes(code)) {
    return started ? new Transient(`no connection (${code})`) : offline(url, code);
  }
  // Certificates do not mend by themselves.
  if (code !== undefined && /CERT|SSL|TLS|VERIFY/.test(code)) {
    return cannotFetch(url, {
      found: `${code} from ${hostOf(url)}`,
      remedy: 'Check the clock and any proxy.',
    });
  }
  return new Transient(found);
}

/** What a status other than 200 and 206 means. */
export function statusFailure(url: string, { status, headers }: Response): Transient | CodecError {
  const found = `HTTP ${status} from ${hostOf(url)}`;
  if (TRANSIENT_STATUSES.includes(status)) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    return new Transient(found, Number.isFinite(seconds) ? seconds : undefined);
  }
  if (status === 401 || status === 403) {
    const remedy = process.env.HF_TOKEN
      ? 'The token in HF_TOKEN may not read this file: accept its terms on its page, or use another token.'
      : 'Set HF_TOKEN to a token that may read it.';
    return cannotFetch(url, { found, remedy });
  }
  const remedy = 'Nothing is there: check HF_ENDPOINT if it is set, or update neural-codec.';
  return cannotFetch(url, { found, remedy: status === 404 || status === 410 ? remedy : 'Try again later.' });
}

export function gaveUp(url: string, attempts: number, last: Transient): CodecError {
  return cannotFetch(url, {
    found: `${last.message}, ${attempts} times in a row`,
    remedy: `Try again later: ${KEPT}.`,
  });
}

function offline(url: string, code: string): CodecError {
  return cannotFetch(url, {
    found: `no connection to ${hostOf(url)} (${code})`,
    remedy:
      'Go online, or set HF_ENDPOINT to a mirror of the hub; or bring the file from elsewhere: codec weights import FILE.',
  });
}

export function notAnAddress(url: string): CodecError {
  return cannotFetch(url, { expected: 'an http or https address', remedy: 'Check HF_ENDPOINT.' });
}

export function refusedRedirect(url: string, to: string): CodecError {
  return cannotFetch(url, { found: `a redirect to ${to}`, remedy: 'Check HF_ENDPOINT and any proxy.' });
}

export function halfAFile(url: string, found: number, expected: number): CodecError {
  return cannotFetch(url, {
    found: `${found} bytes`,
    expected: `${expected}`,
    remedy: 'The server has only part of the file: try again, or another HF_ENDPOINT.',
  });
}

export function wrongHash(url: string, found: string, expected: string): CodecError {
  return cannotFetch(url, {
    found: `SHA-256 ${found}`,
    expected: expected.length < 64 ? `one that begins with ${expected}` : expected,
    remedy: 'The file was damaged on the way or changed at its source, and has been thrown away: try again.',
  });
}

/** A disk that is full, a folder that cannot be written. */
export function diskFailure(url: string, file: string, error: unknown): CodecError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return diskFull(url, file);
  return cannotFetch(
    url,
    { found: `${file}: ${message}`, remedy: 'Set NEURAL_CODEC_CACHE to a folder that can be written.' },
    error,
  );
}

export function diskFull(url: string, file: string, neededBytes?: number): CodecError {
  const needed = neededBytes === undefined ? 'space' : `${Math.ceil(neededBytes / 1e6)} MB`;
  return cannotFetch(url, {
    found: `no space left for ${file}`,
    remedy: `Free ${needed} there, or set NEURAL_CODEC_CACHE to a folder on another disk; ${KEPT}.`,
  });
}

function cannotFetch(
  url: string,
  parts: { found?: string; expected?: string; remedy: string },
  cause?: unknown,
): CodecError {
  return new CodecError('cannot-download', { what: `cannot fetch ${url}`, ...parts }, { cause });
}

function hostOf(url: string): string {
  return new URL(url).host;
}
