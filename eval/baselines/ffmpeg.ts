import { spawn, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { CodecError } from '../../src/index.ts';
import { peakMemoryOf } from '../peak-memory.ts';

/** For the filter `scale`: full chroma resolution and precision around the colour matrix, worth half a decibel. */
export const EXACT_CHROMA = 'flags=accurate_rnd+full_chroma_int+full_chroma_inp';

/** What a run of ffmpeg took. */
export interface FfmpegUse {
  readonly seconds: number;
  /** Largest resident memory of the process; 0 where the system does not tell. */
  readonly peakMemoryBytes: number;
}

/** Runs `ffmpeg ARGS` to its end. Throws `bad-argument` with its last line of error, `missing-tool`. */
export function runFfmpeg(args: readonly string[], what: string): Promise<FfmpegUse> {
  const startedAt = performance.now();
  const fixed = ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'level+error', '-y'];
  return new Promise((done, fail) => {
    const child = spawn('ffmpeg', [...fixed, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    let peakMemoryBytes = 0;
    // The last reading counts: those before the program is loaded are of the process that started it.
    const watch = setInterval(() => {
      peakMemoryBytes = peakMemoryOf(child.pid ?? -1) ?? peakMemoryBytes;
    }, 10);
    child.stderr.on('data', (text) => {
      log = (log + text).slice(-100_000);
    });
    child.on('error', () => {
      clearInterval(watch);
      fail(
        new CodecError('missing-tool', { what, found: 'no ffmpeg in the PATH', remedy: 'Install ffmpeg.' }),
      );
    });
    child.on('close', (status) => {
      clearInterval(watch);
      if (status === 0) {
        done({ seconds: (performance.now() - startedAt) / 1000, peakMemoryBytes });
        return;
      }
      const error = [...log.matchAll(/\[(?:error|fatal)\] (.+)/g)].at(-1)?.[1] ?? `exit status ${status}`;
      fail(new CodecError('bad-argument', { what, found: `"${error}"`, expected: 'ffmpeg to succeed' }));
    });
  });
}

/** Bytes of the packets in a file of sound, without its container. `scratch`: a file to write them to. */
export async function packetBytes(file: string, scratch: string): Promise<number> {
  await runFfmpeg(['-i', file, '-map', '0:a', '-c', 'copy', '-f', 'data', scratch], `cannot unpack ${file}`);
  return statSync(scratch).size;
}

let encoders: ReadonlySet<string> | undefined;

/** Why an encoder of ffmpeg cannot be used, or undefined when it can. */
export function whyNoEncoder(encoder: string): string | undefined {
  if (encoders === undefined) {
    const { stdout } = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
    encoders = new Set([...(stdout ?? '').matchAll(/^ [A-Z.]{6} (\S+)/gm)].map(([, name]) => name!));
  }
  if (encoders.size === 0) return 'no ffmpeg in the PATH';
  return encoders.has(encoder) ? undefined : `this ffmpeg has no ${encoder}`;
}
