import type { FfmpegCommand } from 'fluent-ffmpeg';
import { CodecError } from '../core/errors.ts';
import { onProcessExit } from './exit-cleanup.ts';

/** How an ffmpeg process ended. */
export interface FfmpegEnd {
  /** False for an exit status other than 0, a signal, or a process that never ran. */
  readonly ok: boolean;
  /** The last line it printed at level `error`; it can print some and still succeed. */
  readonly lastLine?: string;
  /** An error to throw as it is: ffmpeg is absent, or the stream piped into it failed. */
  readonly error?: CodecError;
}

export interface FfmpegRun {
  /** Never rejects. */
  readonly ended: Promise<FfmpegEnd>;
  kill(): void;
}

/** Options for every input: say only errors, ask nothing, and let no playlist reach for the network. */
export const INPUT_OPTIONS = [
  ...['-hide_banner', '-nostdin', '-loglevel', 'error'],
  ...['-protocol_whitelist', 'file,pipe'],
];

/** Starts a command built with fluent-ffmpeg. `onNeverStarted` is called if no process came to run. */
export function startFfmpeg(command: FfmpegCommand, onNeverStarted: () => void): FfmpegRun {
  let running = false;
  let killed = false;
  const kill = () => {
    killed = true;
    if (running) command.kill('SIGKILL');
  };
  const forget = onProcessExit(kill);
  const ended = new Promise<FfmpegEnd>((resolve) => {
    command.on('start', () => {
      running = true;
      if (killed) kill();
    });
    command.on('end', (_stdout: string | null, stderr: string | null) => {
      resolve({ ok: true, ...lastLineOf(stderr) });
    });
    command.on('error', (error: FfmpegError, _stdout: string | null, stderr: string | null) => {
      const absent = /^Cannot find ff/.test(error.message) || error.code === 'ENOENT';
      if (absent) resolve({ ok: false, error: missingFfmpeg() });
      else if (error.inputStreamError instanceof CodecError)
        resolve({ ok: false, error: error.inputStreamError });
      else resolve({ ok: false, lastLine: error.message, ...lastLineOf(stderr) });
      // Nothing else would end the streams around a process that was never spawned.
      if (!running || error.code !== undefined) onNeverStarted();
    });
  }).finally(() => {
    running = false;
    forget();
  });
  command.run();
  return { ended, kill };
}

type FfmpegError = NodeJS.ErrnoException & { inputStreamError?: unknown };

/** `[flac @ 0x55d3] invalid residual` becomes `flac: invalid residual`. */
function lastLineOf(stderr: string | null | undefined): { lastLine?: string } {
  const lines = (stderr ?? '')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() && !line.includes('Last message repeated'));
  const lastLine = lines.at(-1)?.replace(/^\[(\S+) @ 0x[0-9a-f]+\]\s*/, '$1: ');
  return lastLine === undefined ? {} : { lastLine: lastLine.trim() };
}

function missingFfmpeg(): CodecError {
  return new CodecError('missing-tool', {
    what: 'cannot run ffmpeg',
    found: 'no ffmpeg in the PATH',
    remedy: 'Install ffmpeg (Debian: apt-get install ffmpeg) or give a WAV file.',
  });
}
