import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import { type OutputOptions, reserveOutput } from './atomic-file.ts';
import { type FfmpegEnd, INPUT_OPTIONS, startFfmpeg } from './ffmpeg-command.ts';

export interface FfmpegSinkOptions extends OutputOptions {
  /** Of the path, with its dot. */
  readonly extension: string;
  /** What ffmpeg is told of the bytes that come, and of the file it makes. */
  readonly inputOptions: readonly string[];
  readonly outputOptions: readonly string[];
  /** What messages expect the file to be. */
  readonly expected: string;
  readonly remedy: string;
}

/** A file that ffmpeg makes of the bytes written to `input`. `finish` or `abort` must be called. */
export interface FfmpegSink {
  readonly input: PassThrough;
  /** Waits for work on `input`, and fails as ffmpeg does if that ends first: nothing would read `input` any more. */
  unlessEnded<T>(work: Promise<T>): Promise<T>;
  /** Ends the input, waits for ffmpeg, and gives the file its name. */
  finish(): Promise<void>;
  /** Removes what there is of the file. Idempotent; does nothing after `finish`. */
  abort(): Promise<void>;
}

/**
 * Starts ffmpeg on a file beside `path`, renamed when complete.
 *
 * Throws `missing-tool`, `output-exists`, or `bad-argument` with ffmpeg's last error line.
 */
export async function openFfmpegSink(path: string, options: FfmpegSinkOptions): Promise<FfmpegSink> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  const output = await reserveOutput(path, options);
  const input = new PassThrough();
  const command = ffmpeg(input)
    .inputOptions(...options.inputOptions, ...INPUT_OPTIONS)
    .output(resolve(output.temporaryPath));
  if (options.outputOptions.length > 0) command.outputOptions(...options.outputOptions);
  const run = startFfmpeg(command, () => {});
  let finished = false;
  let ended: FfmpegEnd | undefined;
  let onEnd: (end: FfmpegEnd) => void = () => {};
  void run.ended.then((end) => {
    ended = end;
    onEnd(end);
  });

  const abort = async () => {
    if (finished) return;
    finished = true;
    run.kill();
    input.destroy();
    await run.ended;
    await output.abort();
  };
  const failure = ({ error, lastLine = 'no message' }: FfmpegEnd): CodecError =>
    error ??
    new CodecError('bad-argument', {
      what: `ffmpeg cannot write ${path}`,
      found: `"${lastLine}"`,
      expected: options.expected,
      remedy: options.remedy,
    });
  const unlessEnded = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await new Promise<T>((done, fail) => {
        onEnd = (end) => fail(failure(end));
        if (ended) onEnd(ended);
        work.then(done, fail);
      });
    } catch (error) {
      await abort();
      throw error;
    }
  };
  return {
    input,
    unlessEnded,
    async finish() {
      input.end();
      const end = await run.ended;
      if (!end.ok) {
        await abort();
        throw failure(end);
      }
      finished = true;
      await output.commit();
    },
    abort,
  };
}
