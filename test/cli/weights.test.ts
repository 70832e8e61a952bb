import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import { float32 } from '../../src/core/tensor.ts';
import { writeSafetensors } from '../../src/weights/safetensors.ts';
import { freshCaches } from '../weights/cache.ts';
import { toHuggingFaceNames } from '../weights/naming.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { chirp, freshFolders, namesIn, wavBytes } from './fixtures.ts';

const NAME = 'encodec-24khz-facebook';
const fixtures = fileURLToPath(new URL('../weights/fixtures', import.meta.url));
const folder = freshFolders();
const cache = freshCaches();

/** The hub, on this machine. */
let answer: RequestListener;
let asked: string[];
let hub: Server;
beforeEach(async () => {
  asked = [];
  hub = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ''}`.trim());
    answer(request, response);
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  process.env.HF_ENDPOINT = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
});
afterEach(() => {
  delete process.env.HF_ENDPOINT;
  hub.closeAllConnections();
  hub.close();
});

/** The released 24 kHz model in names and sizes, with random numbers, as the hub stores it. */
function releasedModel(): Buffer {
  const shapes = JSON.parse(readFileSync(path.join(fixtures, 'released-shapes.json'), 'utf8'));
  const rng = new Rng(1);
  const tensors = Object.entries<number[]>(shapes.encodec_24khz).map(([name, shape]) => {
    const tensor = float32(shape);
    for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = (rng.uniform() - 0.5) / 4;
    return [name, tensor] as const;
  });
  return Buffer.from(writeSafetensors(toHuggingFaceNames(new Map(tensors)), { format: 'pt' }));
}

const page: RequestListener = (_, response) => response.end('<!doctype html><title>Sign in</title>');
const status =
  (code: number): RequestListener =>
  (_, response) =>
    response.writeHead(code).end();

describe('codec weights pull', () => {
  it('has nothing to do for weights that come with the package', async () => {
    const { status, stdout } = await codec(folder(), 'weights', 'pull', 'encodec-24k');
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(/models.encodec-24k\.ncw is here already, with the package\n$/);
    expect(asked).toEqual([]);
  });

  it('fetches the released model over a connection that breaks, and then its recipe works', async () => {
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(12000)));
    const encode = ['encode', 'in.wav', '--recipe', NAME, '--json'];
    expect(failureOf(await codec(folder(), ...encode))).toMatch(
      /no weights "encodec-24khz-facebook".*codec weights pull encodec-24khz-facebook$/,
    );

    const model = releasedModel();
    const sha256 = createHash('sha256').update(model).digest('hex');
    const broken = Math.floor(model.length / 3);
    answer = (request, response) => {
      if (request.url !== '/blob') {
        const headers = { location: '/blob', 'x-linked-etag': `"${sha256}"`, 'x-linked-size': model.length };
        response.writeHead(302, headers).end();
        return;
      }
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, {
        etag: '"blob"',
        'content-length': model.length - from,
        ...(from > 0 && { 'content-range': `bytes ${from}-${model.length - 1}/${model.length}` }),
      });
      if (from > 0) response.end(model.subarray(from));
      else response.write(model.subarray(0, broken), () => setTimeout(() => response.destroy(), 50));
    };
    const pulled = jsonOf(await codec(folder(), 'weights', 'pull', NAME, '--json'));
    expect(asked[0]).toBe('/facebook/encodec_24khz/resolve/main/model.safetensors');
    // Of the bytes sent just before a connection breaks some may never arrive.
    const from = Number(/bytes=(\d+)-$/.exec(asked[3] ?? '')?.[1]);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(broken);
    expect(asked.slice(1)).toEqual(['/blob', `${asked[0]} bytes=${from}-`, `/blob bytes=${from}-`]);
    expect(pulled).toMatchObject({
      name: NAME,
      file: path.join(cache(), 'weights', `${NAME}.safetensors`),
      sha256,
      recipes: [NAME],
    });
    expect(readdirSync(path.join(cache(), 'downloads'))).toEqual([]);

    const list = jsonOf(await codec(folder(), 'weights', 'list', '--json')) as unknown as object[];
    expect(list).toContainEqual({
      name: NAME,
      place: 'cached',
      about: expect.any(String),
      recipes: [NAME],
      bytes: statSync(pulled.file as string).size,
      values: pulled.values,
      fingerprint: pulled.fingerprint,
      source: `${process.env.HF_ENDPOINT}/facebook/encodec_24khz/resolve/main/model.safetensors`,
      sha256,
    });

    hub.close();
    expect(jsonOf(await codec(folder(), ...encode))).toMatchObject({ recipe: NAME, durationSeconds: 0.5 });
    expect(jsonOf(await codec(folder(), 'decode', 'in.codec', '-o', 'out.wav', '--json'))).toMatchObject({
      recipe: NAME,
    });
    const again = await codec(folder(), 'weights', 'pull', NAME);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(again.stdout.toString()).toMatch(/is here already; --force/);
  });

  it.each([
    { what: 'not there', answer: status(404), says: /HTTP 404.*Nothing is there/ },
    { what: 'not allowed', answer: status(403), says: /HTTP 403.*HF_TOKEN/ },
    { what: 'a page instead of a file', answer: page, says: /cannot read .*expected a safetensors file/ },
  ])('$what: one line, and nothing kept', async ({ answer: given, says }) => {
    answer = given;
    expect(failureOf(await codec(folder(), 'weights', 'pull', NAME))).toMatch(says);
    expect(namesIn(path.join(cache(), 'downloads'))).toEqual([]);
    expect(existsSync(path.join(cache(), 'weights'))).toBe(false);
  });

  it('offline: one line that says how to do without', async () => {
    hub.close();
    expect(failureOf(await codec(folder(), 'weights', 'pull', NAME))).toMatch(
      /no connection to 127\.0\.0\.1:\d+.*codec weights import FILE/,
    );
  });

  it('while another process fetches the same: told; a lock left behind is no matter', async () => {
    answer = status(404);
    const lock = path.join(cache(), 'downloads', `${NAME}.part.lock`);
    mkdirSync(path.dirname(lock));
    writeFileSync(lock, String(process.pid));
    expect(failureOf(await codec(folder(), 'weights', 'pull', NAME))).toMatch(/another process.*part\.lock/);
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(lock, String(pid));
    expect(failureOf(await codec(folder(), 'weights', 'pull', NAME))).toMatch(/HTTP 404/);
  });

  it('a name nobody knows: those that are known', async () => {
    expect(failureOf(await codec(folder(), 'weights', 'pull', 'encodec-24khz'))).toMatch(
      /"encodec-24khz": expected encodec-24khz-facebook or another of .*encodec-lm-48khz-facebook/,
    );
  });
});

describe('codec weights import', () => {
  it("takes a checkpoint, tells its recipe's use of it, and refuses one of another width", async () => {
    writeFileSync(
      path.join(folder(), 'mine.yaml'),
      `extends: encodec-24k
latent: { dimension: 4 }
encoder: { nFilters: 2, ratios: [3, 2], lstmLayers: 1 }
decoder: { nFilters: 2, ratios: [3, 2], lstmLayers: 1 }
quantizer: { codebooks: 3, codebookSize: 16 }
bitrates: { kbps: [48], default: 48 }
`,
    );
    const checkpoint = path.join(fixtures, 'reference-tiny.th');
    const done = await codec(
      folder(),
      'weights',
      'import',
      checkpoint,
      '--as',
      'mine',
      '--recipe',
      'mine.yaml',
    );
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(done.stdout.toString()).toMatch(/use them with --recipe mine\.yaml --set weights=mine\n$/);
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(2400)));
    const use = ['--recipe', 'mine.yaml', '--set', 'weights=mine'];
    jsonOf(await codec(folder(), 'encode', 'in.wav', ...use, '--json'));

    const other = ['weights', 'import', checkpoint, '--as', 'other', '--recipe', 'encodec-24k'];
    expect(failureOf(await codec(folder(), ...other))).toMatch(/found shape \[2,1,7\], expected \[16,1,7\]/);
    const model = path.join(fixtures, 'whole-model.th');
    expect(failureOf(await codec(folder(), 'weights', 'import', model))).toMatch(/the global __main__\.M/);
  });
});

describe('codec weights', () => {
  it('without an action, or a wrong one, is wrong usage', async () => {
    expect(failureOf(await codec(folder(), 'weights'), 2)).toMatch(
      /list, pull, import, pack, unpack or tables/,
    );
    expect(failureOf(await codec(folder(), 'weights', 'puul'), 2)).toMatch(/puul|pull/);
    expect(failureOf(await codec(folder(), 'weights', 'pull'), 2)).toMatch(/argument/i);
  });
});
