import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeClip } from '../../src/media/clip-file.ts';
import { readRaster } from '../../src/media/image-file.ts';
import { openVideo } from '../../src/media/video-file.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { freshFolders, namesIn } from './fixtures.ts';

const folder = freshFolders();
const inFolder = (name: string) => path.join(folder(), name);
const absent = spawnSync('ffmpeg', ['-version']).status !== 0;
const small = ['--set', 'representation.parameters=26000', '--set', 'representation.encoderWidth=8'];

describe.skipIf(absent)(`video by codec encode and decode${absent ? ' (skipped: no ffmpeg)' : ''}`, () => {
  it('fits a network, decodes all frames or one of them, and says what is in the file', async () => {
    const pictures = Array.from({ length: 3 }, (_, n) =>
      Uint8Array.from({ length: 34 * 20 * 3 }, (_, i) => (i + 40 * n) % 256),
    );
    const rate = { rateNumerator: 30000, rateDenominator: 1001 };
    await writeClip(inFolder('clip.mp4'), { kind: 'clip', width: 34, height: 20, ...rate, pictures });

    const fit = ['--steps', '2', '--threads', '1', ...small, '--json'];
    const encoded = jsonOf(await codec(folder(), 'encode', 'clip.mp4', ...fit));
    expect(encoded).toMatchObject({ output: 'clip.codec', recipe: 'hnerv-video', interrupted: false });
    expect(encoded.bpp).toBeCloseTo((8 * Number(encoded.bytes)) / (34 * 20 * 3), 9);

    const whole = ['-o', 'out.mkv', '--json'];
    expect(jsonOf(await codec(folder(), 'decode', 'clip.codec', ...whole))).toMatchObject({
      lengthPictures: 3,
    });
    const video = await openVideo(inFolder('out.mkv'));
    expect(video).toMatchObject({ width: 34, height: 20, ...rate });
    const frames: Uint8Array[] = [];
    for await (const { data } of video.frames()) frames.push(data);
    expect(frames).toHaveLength(3);

    jsonOf(await codec(folder(), 'decode', 'clip.codec', '--frame', '1', '--json'));
    expect(await readRaster(inFolder('clip-1.png'))).toMatchObject({ width: 34, height: 20, channels: 3 });
    expect(Buffer.compare((await readRaster(inFolder('clip-1.png'))).data as Uint8Array, frames[1]!)).toBe(0);

    const before = namesIn(folder());
    const none = await codec(folder(), 'decode', 'clip.codec', '--frame', '3');
    expect(failureOf(none)).toMatch(/found picture 3, expected 0 to 2/);
    expect(failureOf(await codec(folder(), 'decode', 'clip.codec', '--frame', '-1'), 2)).toMatch(
      /--frame takes/,
    );
    // Another recipe than the file was made with.
    expect(
      failureOf(
        await codec(folder(), 'decode', 'clip.codec', '-o', 'x.mkv', '--set', 'representation.reduction=2'),
      ),
    ).toMatch(/fingerprint/);
    expect(namesIn(folder())).toEqual(before);
  }, 180_000);

  it('says that sound is left behind', async () => {
    const tracks = ['testsrc=size=34x20:rate=24', 'sine=sample_rate=24000'].flatMap((source) => [
      ...['-f', 'lavfi', '-t', '0.1', '-i', source],
    ]);
    const made = spawnSync('ffmpeg', ['-v', 'error', ...tracks, inFolder('talkie.mkv')]);
    expect(made.status).toBe(0);
    const fit = ['--steps', '1', '--threads', '1', ...small];
    const loud = await codec(folder(), 'encode', 'talkie.mkv', ...fit);
    expect(loud.stderr).toMatch(/^codec: talkie\.mkv: its sound is left behind; .*\n$/);
    const quiet = await codec(folder(), 'encode', 'talkie.mkv', ...fit, '--quiet', '--force');
    expect(quiet).toMatchObject({ status: 0, stderr: '' });
  }, 180_000);

  it('says that an alpha channel and what is beyond 8 bits are left behind', async () => {
    const source = ['-f', 'lavfi', '-t', '0.1', '-i', 'testsrc=size=34x20:rate=24'];
    const stored = ['-c:v', 'ffv1', '-pix_fmt', 'yuva420p10le'];
    const made = spawnSync('ffmpeg', ['-v', 'error', ...source, ...stored, inFolder('ghost.mkv')]);
    expect(made.status).toBe(0);
    const fit = ['--steps', '1', '--threads', '1', ...small];
    const { stderr } = await codec(folder(), 'encode', 'ghost.mkv', ...fit);
    expect(stderr.split('\n')).toEqual([
      'codec: ghost.mkv: its alpha channel is left behind; the colours are coded as they are',
      'codec: ghost.mkv: what its samples hold beyond 8 bits is left behind; they are yuva420p10le',
      '',
    ]);
  }, 180_000);
});
