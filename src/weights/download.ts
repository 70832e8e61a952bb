import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  diskFailure,
  diskFull,
  gaveUp,
  halfAFile,
  networkFailure,
  statusFailure,
  Transient,
  wrongHash,
} from './download-errors.ts';
import { openUrl, type UrlReply } from './open-url.ts';
import { sha256Of } from './read-weights.ts';

export interface DownloadOptions {
  /** Expected SHA-256 in hexadecimal, whole or its first digits; what the hub says counts besides. */
  readonly sha256?: string | undefined;
  readonly token?: string | undefined;
  /** Told after every piece; the total when the server tells it. */
  readonly onProgress?: (doneBytes: number, totalBytes: number | undefined) => void;
  /** Tries in a row that bring nothing before giving up. Default 5. */
  readonly attempts?: number;
  /** Pause after the first such try; it doubles up to 16 times this. Default 500. */
  readonly pauseMs?: number;
  /** Silence after which a connection counts as broken. Default 30000. */
  readonly silenceMs?: number;
}

/** What lies beside a partial file to tell whether it can go on. */
const stateSchema = z.object({
  url: z.string(),
  /** ETag of the file where it lies, for If-Range. */
  etag: z.string().optional(),
  /** The server's own. */
  sha256: z.string().optional(),
  totalBytes: z.int().optional(),
});
type State = { [K in keyof z.output<typeof stateSchema>]: z.output<typeof stateSchema>[K] | undefined };

/**
 * Downloads `url` into `part`, whose folder exists. What an earlier call left there is gone on from, if the server can
 * and still has the same file. Broken connections and transient errors are retried. The hash is checked at the end.
 * @returns SHA-256 in hexadecimal
 * @throws `cannot-download`; `part` is kept unless it is of no use
 */
export async function download(url: string, part: string, options: DownloadOptions = {}): Promise<string> {
  const { attempts = 5, pauseMs = 500 } = options;
  let started = false;
  for (let failures = 0; ; ) {
    const before = sizeOf(part);
    try {
      await attempt(url, part, options);
      break;
    } catch (error) {
      started ||= sizeOf(part) > before || error instanceof Transient;
      const failure = networkFailure(url, error, started);
      if (!(failure instanceof Transient)) throw failure;
      failures = sizeOf(part) > before ? 1 : failures + 1;
      if (failures >= attempts) throw gaveUp(url, failures, failure);
      const pause = pauseMs * Math.min(16, 2 ** (failures - 1));
      await sleep(Math.min(60_000, Math.max(pause, 1000 * (failure.afterSeconds ?? 0))));
    }
  }
  const sha256 = await sha256Of(part);
  for (const expected of [options.sha256, readState(part, url)?.sha256]) {
    if (expected === undefined || sha256.startsWith(expected)) continue;
    discard(part);
    throw wrongHash(url, sha256, expected);
  }
  return sha256;
}

/** Removes a partial download. */
export function discard(part: string): void {
  for (const file of [part, stateFile(part)]) rmSync(file, { force: true });
}

/** One request and its body, appended to what is there. Returns when the file is whole. */
async function attempt(url: string, part: string, options: DownloadOptions): Promise<void> {
  const state = readState(part, url);
  const have = state && (state.etag ?? state.sha256) ? sizeOf(part) : 0;
  if (have > 0 && have === state?.totalBytes) return;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Transient('no answer')), options.silenceMs ?? 30_000);
  try {
    const reply = await openUrl(url, {
      // Compressed on the way, sizes and ranges would be of something else.
      headers: {
        'accept-encoding': 'identity',
        ...(have > 0 && { range: `bytes=${have}-` }),
        ...(have > 0 && state?.etag && { 'if-range': state.etag }),
      },
      token: options.token,
      signal: silence.signal,
    });
    const { from, totalBytes } = await bodyOf(url, part, reply, have, state);
    // Gone on from, the file is the same, and so is its hash.
    const sha256 = reply.linkedSha256 ?? (from > 0 ? state?.sha256 : undefined);
    writeState(part, url, { etag: reply.response.headers.get('etag'), sha256, totalBytes });
    options.onProgress?.(from, totalBytes);
    await assertSpace(url, part, (totalBytes ?? 0) - from);
    let done = from;
    const file = await openPart(url, part, from);
    try {
      for await (const piece of reply.response.body ?? []) {
        timer.refresh();
        await write(file, piece, url, part);
        done += piece.length;
        options.onProgress?.(done, totalBytes);
      }
    } finally {
      await file.close();
    }
    const expected = reply.linkedBytes ?? totalBytes;
    if (expected === undefined || done === expected) return;
    if (totalBytes !== undefined && done < totalBytes) throw new Transient('the connection broke off');
    discard(part);
    throw halfAFile(url, done, expected);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Where the body of a reply begins in the file, and how long the file is. */
async function bodyOf(
  url: string,
  part: string,
  { response, linkedSha256 }: UrlReply,
  have: number,
  state: State | undefined,
): Promise<{ from: number; totalBytes: number | undefined }> {
  const { status, headers } = response;
  if (status === 200) return { from: 0, totalBytes: countOf(headers.get('content-length')) };
  if (status === 206 || status === 416) {
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    const same = linkedSha256 === undefined || state?.sha256 === undefined || linkedSha256 === state.sha256;
    if (status === 206 && Number(first) === have && same) return { from: have, totalBytes: countOf(total) };
    // The file is not what it was: start over.
    discard(part);
    throw new Transient(`a part (HTTP ${status}) that does not fit what is here`);
  }
  throw statusFailure(url, response);
}

function countOf(text: string | null | undefined): number | undefined {
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}

async function openPart(url: string, part: string, from: number): Promise<FileHandle> {
  try {
    return await open(part, from > 0 ? 'a' : 'w');
  } catch (error) {
    throw diskFailure(url, part, error);
  }
}

async function write(file: FileHandle, bytes: Uint8Array, url: string, part: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
    }
  } catch (error) {
    throw diskFailure(url, part, error);
  }
}

/** Better now than after most of the file has come. */
async function assertSpace(url: string, part: string, neededBytes: number): Promise<void> {
  const space = await statfs(path.dirname(part)).catch(() => undefined);
  if (space && neededBytes > space.bavail * space.bsize) throw diskFull(url, part, neededBytes);
}

function stateFile(part: string): string {
  return `${part}.json`;
}

function readState(part: string, url: string): State | undefined {
  try {
    const state = stateSchema.parse(JSON.parse(readFileSync(stateFile(part), 'utf8')));
    return state.url === url ? state : undefined;
  } catch {
    // None, or cut short by a crash: the download starts over.
    return undefined;
  }
}

function writeState(
  part: string,
  url: string,
  {
    etag,
    sha256,
    totalBytes,
  }: { etag: string | null; sha256: string | undefined; totalBytes: number | undefined },
): void {
  // A weak tag does not promise the same bytes.
  const state: State = {
    url,
    etag: etag?.startsWith('W/') ? undefined : (etag ?? undefined),
    sha256,
    totalBytes,
  };
  try {
    writeFileSync(stateFile(part), JSON.stringify(state));
  } catch (error) {
    throw diskFailure(url, stateFile(part), error);
  }
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
