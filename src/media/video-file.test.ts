import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVideo } from './video-file.ts';
import { createVideoWriter } from './video-writer.ts';

const absent = spawnSync('ffmpeg', ['-version']).status !== 0;
const folder = mkdtempSync(join(tmpdir(), 'videos-'));

/** Frame `n` of a moving pattern. */
function frame(n: number, width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return 128 + Math.round(60 * Math.sin((x + 3 * n) / 5 + c) + 60 * Math.cos(y / 7 + c));
  });
}

async function write(name: string, width: number, height: number, frames = 5): Promise<string> {
  const path = join(folder, name);
  const rate = { rateNumerator: 30000, rateDenominator: 1001 };
  const writer = await createVideoWriter(path, { width, height, ...rate, force: true });
  for (let n = 0; n < frames; n++) await writer.write(frame(n, width, height));
  await writer.finish();
  return path;
}

describe.skipIf(absent)(`video files${absent ? ' (skipped: no ffmpeg)' : ''}`, () => {
  for (const extension of ['.mkv', '.avi']) {
    it(`${extension} keeps every frame exactly, with its size and rate`, async () => {
      const video = await openVideo(await write(`exact${extension}`, 33, 18));
      expect(video).toMatchObject({ width: 33, height: 18, rateNumerator: 30000, rateDenominator: 1001 });
      let n = 0;
      for await (const { data } of video.frames()) {
        expect(Buffer.compare(data, frame(n, 33, 18))).toBe(0);
        n++;
      }
      expect(n).toBe(5);
    });
  }

  for (const extension of ['.mp4', '.webm', '.y4m']) {
    it(`${extension} keeps frames nearly, of even and of odd sizes`, async () => {
      for (const [width, height] of [
        [32, 24],
        [33, 19],
      ] as const) {
        const video = await openVideo(await write(`near-${width}${extension}`, width, height));
        expect([video.width, video.height]).toEqual([width, height]);
        let n = 0;
        for await (const { data } of video.frames()) {
          const want = frame(n++, width, height);
          const error = data.reduce((sum, value, i) => sum + (value - want[i]!) ** 2, 0) / data.length;
          expect(10 * Math.log10(255 ** 2 / error)).toBeGreaterThan(28);
        }
        expect(n).toBe(5);
      }
    }, 30_000);
  }

  it('gives any part of a video, as often as asked', async () => {
    const video = await openVideo(await write('parts.mkv', 16, 16, 9));
    const read = async (from: number, to?: number) => {
      const numbers: number[] = [];
      for await (const { data } of video.frames(to === undefined ? { from } : { from, to })) {
        numbers.push(
          Array.from({ length: 9 }, (_, n) => n).find((n) => !Buffer.compare(data, frame(n, 16, 16)))!,
        );
      }
      return numbers;
    };
    expect(await read(3, 5)).toEqual([3, 4]);
    expect(await read(7)).toEqual([7, 8]);
    expect(await read(0, 1)).toEqual([0]);
    expect(await read(20)).toEqual([]);
    expect(video.estimatedFrames).toBe(9);
  });

  it('turns frames upright', async () => {
    const upright = await write('upright.mp4', 32, 16);
    const turned = join(folder, 'turned.mp4');
    const { status } = spawnSync('ffmpeg', [
      ...['-v', 'error', '-i', upright, '-c', 'copy', '-metadata:s:v:0', 'rotate=90', turned],
    ]);
    expect(status).toBe(0);
    const video = await openVideo(turned);
    const first = (await video.frames({ to: 1 }).next()).value!;
    await video.close();
    expect(first.data.length).toBe(video.width * video.height * 3);
    // ffmpeg from version 6 on does not write the tag; then there is nothing to turn.
    const swapped = video.width === 16;
    const want = frame(0, 32, 16);
    // Counter-clockwise: the first pixel goes to the first column of the last row.
    const at = swapped ? (video.height - 1) * video.width * 3 : 0;
    for (let c = 0; c < 3; c++) expect(Math.abs(first.data[at + c]! - want[c]!)).toBeLessThan(24);
  });

  it('refuses what is no video and leaves nothing behind', async () => {
    const text = join(folder, 'text.mkv');
    writeFileSync(text, 'no video');
    for (const path of [text, join(folder, 'none.mkv'), folder]) {
      await expect(openVideo(path)).rejects.toMatchObject({ code: 'bad-video' });
    }
    const cut = join(folder, 'cut.mp4');
    const whole = readFileSync(await write('whole.mp4', 64, 64, 9));
    writeFileSync(cut, whole.subarray(0, whole.length - 1000));
    const video = await openVideo(cut);
    const all = async () => {
      for await (const _ of video.frames());
    };
    await expect(all()).rejects.toMatchObject({ code: 'bad-video' });

    const before = readdirSync(folder).length;
    const shape = { width: 8, height: 8, rateNumerator: 1, rateDenominator: 1 };
    await expect(createVideoWriter(join(folder, 'x.xyz'), shape)).rejects.toMatchObject({
      code: 'bad-argument',
    });
    await expect(createVideoWriter(cut, shape)).rejects.toMatchObject({ code: 'output-exists' });
    const writer = await createVideoWriter(join(folder, 'aborted.mkv'), shape);
    await expect(writer.write(new Uint8Array(5))).rejects.toMatchObject({ code: 'bad-video' });
    expect(readdirSync(folder).length).toBe(before);
  });
});
