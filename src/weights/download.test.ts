import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { download } from './download.ts';

const rng = new Rng(1);
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => Math.floor(rng.uniform() * 256)));
const sha256 = createHash('sha256').update(content).digest('hex');
const fast = { pauseMs: 1, attempts: 3 };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine that does as told, request by request; the last instruction goes on. */
let handlers: Handler[];
let requests: IncomingMessage[];
let server: Server;
let part: string;
let url: string;

beforeEach(async () => {
  handlers = [];
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    const handler = handlers.length > 1 ? handlers.shift()! : handlers[0]!;
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  part = path.join(mkdtempSync(path.join(os.tmpdir(), 'download-')), 'file.part');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Serves the file, or the range asked for if If-Range holds; `cutAt`: breaks off after that many bytes. */
const serve =
  ({ cutAt = Number.POSITIVE_INFINITY, etag = '"v1"', headers = {}, body = content } = {}): Handler =>
  (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const condition = request.headers['if-range'];
    const partial = from > 0 && (condition === undefined || condition === etag);
    const bytes = body.subarray(partial ? from : 0);
    response.writeHead(partial ? 206 : 200, {
      'content-length': bytes.length,
      ...(etag && { etag }),
      ...(partial && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
      ...headers,
    });
    if (bytes.length <= cutAt) response.end(bytes);
    else response.write(bytes.subarray(0, cutAt), () => setTimeout(() => response.destroy(), 20));
  };
const status =
  (code: number, headers = {}): Handler =>
  (_, response) =>
    response.writeHead(code, headers).end('no');

const failsWith = (parts: object, options = {}) =>
  expect(download(url, part, { ...fast, ...options })).rejects.toMatchObject({
    code: 'cannot-download',
    ...parts,
  });
const message = (says: RegExp) => ({ message: expect.stringMatching(says) });

describe('download', () => {
  it('brings the file, tells progress and the hash', async () => {
    handlers = [serve()];
    const progress: [number, number | undefined][] = [];
    expect(await download(url, part, { onProgress: (...told) => progress.push(told) })).toBe(sha256);
    expect(readFileSync(part)).toEqual(content);
    expect(progress[0]).toEqual([0, content.length]);
    expect(progress.at(-1)).toEqual([content.length, content.length]);
  });

  it('goes on where a connection broke off, as often as it must', async () => {
    handlers = [serve({ cutAt: 70_000 })];
    expect(await download(url, part, { ...fast, sha256 })).toBe(sha256);
    expect(requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=70000-',
      'bytes=140000-',
      'bytes=210000-',
      'bytes=280000-',
    ]);
    expect(requests[1]!.headers['if-range']).toBe('"v1"');
  });

  it('goes on in a later call, and starts over if the file has changed meanwhile', async () => {
    handlers = [serve({ cutAt: 100_000 }), status(503)];
    await failsWith(message(/HTTP 503.*3 times in a row.*kept.*goes on/));
    expect(readFileSync(part)).toEqual(content.subarray(0, 100_000));
    requests = [];
    handlers = [serve()];
    expect(await download(url, part, fast)).toBe(sha256);
    expect(requests.map(({ headers }) => headers.range)).toEqual(['bytes=100000-']);

    handlers = [serve({ cutAt: 100_000 }), status(503)];
    writeFileSync(part, '');
    await failsWith({});
    const changed = Buffer.from(content).reverse();
    handlers = [serve({ etag: '"v2"', body: changed })];
    await download(url, part, fast);
    expect(readFileSync(part)).toEqual(changed);
  });

  it('does not go on from a part of which it is not known what it is', async () => {
    writeFileSync(part, 'of something else');
    handlers = [serve()];
    expect(await download(url, part, fast)).toBe(sha256);
    expect(requests[0]!.headers.range).toBeUndefined();
  });

  it('starts over when the server cannot continue', async () => {
    handlers = [serve({ cutAt: 100_000 }), status(416), serve()];
    expect(await download(url, part, fast)).toBe(sha256);
    handlers = [serve({ cutAt: 100_000 }), serve({ headers: { 'content-range': 'bytes 5-9/10' } }), serve()];
    writeFileSync(`${part}.json`, '{');
    expect(await download(url, part, fast)).toBe(sha256);
  });

  it('retries what is transient, and gives up in the end', async () => {
    handlers = [status(500), status(429, { 'retry-after': '0' }), serve()];
    expect(await download(url, part, fast)).toBe(sha256);
    handlers = [status(500)];
    requests = [];
    writeFileSync(`${part}.json`, '{}');
    await failsWith(message(/HTTP 500 from 127\.0\.0\.1:\d+, 3 times in a row/), { sha256 });
    expect(requests.length).toBe(3);
  });

  it('takes silence for a broken connection', async () => {
    handlers = [() => {}, serve()];
    expect(await download(url, part, { ...fast, silenceMs: 100 })).toBe(sha256);
  });

  it('follows redirects to other hosts, without the token, and takes the hash the hub tells', async () => {
    const storage = createServer((request, response) => {
      requests.push(request);
      serve()(request, response);
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(storage.address() as AddressInfo).port}/blob`;
    const redirect = (etag: string, size = content.length) =>
      status(302, { location, 'x-linked-etag': `"${etag}"`, 'x-linked-size': size });
    handlers = [redirect(sha256)];
    expect(await download(url, part, { ...fast, token: 'secret' })).toBe(sha256);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer secret', undefined]);

    handlers = [redirect('0'.repeat(64))];
    writeFileSync(`${part}.json`, '{}');
    await failsWith(message(new RegExp(`found SHA-256 ${sha256}, expected 0{64}\\..*thrown away`)));
    expect(existsSync(part)).toBe(false);

    handlers = [redirect(sha256, 2 * content.length)];
    await failsWith(message(/found 300000 bytes, expected 600000/));
    expect(existsSync(part)).toBe(false);
    storage.closeAllConnections();
    storage.close();
  });

  it('a hash known before, or its first digits, must be that of the file', async () => {
    handlers = [serve()];
    expect(await download(url, part, { ...fast, sha256: sha256.slice(0, 8) })).toBe(sha256);
    writeFileSync(`${part}.json`, '{}');
    await failsWith(message(/expected one that begins with 01234567/), { sha256: '01234567' });
    expect(existsSync(part)).toBe(false);
  });

  it.each([
    { code: 404, says: /HTTP 404 .*Nothing is there/ },
    { code: 401, says: /HTTP 401 .*HF_TOKEN/ },
    { code: 403, says: /HTTP 403 .*HF_TOKEN/ },
    { code: 400, says: /HTTP 400/ },
  ])('HTTP $code is final', async ({ code, says }) => {
    handlers = [status(code)];
    await failsWith(message(says));
    expect(requests.length).toBe(1);
  });

  it('no way to the host is final, and says how to do without', async () => {
    server.close();
    const free = url;
    await new Promise((resolve) => server.on('close', resolve));
    await expect(download(free, part, fast)).rejects.toMatchObject({
      code: 'cannot-download',
      message: expect.stringMatching(
        /no connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\).*HF_ENDPOINT.*import/,
      ),
    });
    await expect(download('http://nowhere.invalid/file', part, fast)).rejects.toMatchObject(
      message(/no connection to nowhere\.invalid \((ENOTFOUND|EAI_AGAIN)\)/),
    );
    await expect(download('mirror.example/file', part, fast)).rejects.toMatchObject(
      message(/expected an http or https address.*HF_ENDPOINT/),
    );
  });

  it('redirects without end are refused', async () => {
    handlers = [status(302, { location: '/file' })];
    await failsWith(message(/10 redirects/));
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk is told, with what to do', async () => {
    symlinkSync('/dev/full', part);
    handlers = [serve()];
    await failsWith(message(/no space left for .*file\.part.*Free space there, or set NEURAL_CODEC_CACHE/));
  });

  it('more than the disk has left is refused before it comes', async () => {
    handlers = [
      (_, response) => {
        response.writeHead(200, { 'content-length': 2 ** 52 });
        response.flushHeaders();
      },
    ];
    await failsWith(message(/no space left.*Free \d+ MB/));
  });

  it('a folder that is not there is told', async () => {
    part = path.join(path.dirname(part), 'absent', 'file.part');
    handlers = [serve()];
    await failsWith(message(/NEURAL_CODEC_CACHE to a folder that can be written/));
  });
});
