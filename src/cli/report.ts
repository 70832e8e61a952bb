import { type Options, Presets, SingleBar } from 'cli-progress';
import type { FitProgress } from '../fitting/loop.ts';

export interface Job {
  readonly input: string;
  readonly output: string;
  readonly recipe: string;
  /** Size of the coded file. */
  readonly bytes: number;
  readonly durationSeconds: number;
  readonly startedAt: number;
}

/** What encode and decode tell about a job done. */
export function summarize({ input, output, recipe, bytes, durationSeconds, startedAt }: Job) {
  const wallSeconds = (performance.now() - startedAt) / 1000;
  return {
    input,
    output,
    recipe,
    bytes,
    durationSeconds,
    kbps: durationSeconds > 0 ? (bytes * 8) / durationSeconds / 1000 : 0,
    wallSeconds,
    realtimeFactor: durationSeconds / wallSeconds,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

export type Summary = ReturnType<typeof summarize>;

/** Prints a summary: JSON, a line, or nothing. Where the output itself goes to stdout, the line goes to stderr. */
export function print(
  summary: Summary & Record<string, unknown>,
  { json, quiet }: { json: boolean; quiet: boolean },
): void {
  const stream = summary.output === '-' ? process.stderr : process.stdout;
  if (json) stream.write(`${JSON.stringify(summary)}\n`);
  else if (!quiet) {
    const { output, durationSeconds, bytes, kbps, wallSeconds, realtimeFactor } = summary;
    stream.write(
      `${output}: ${durationSeconds.toFixed(2)} s, ${bytes} bytes, ${kbps.toFixed(2)} kbps, ` +
        `in ${wallSeconds.toFixed(2)} s (${realtimeFactor.toFixed(1)}x real time)\n`,
    );
  }
}

interface Length {
  readonly total: number | undefined;
  /** Totals up to this are done before a bar would help. */
  readonly from: number;
  readonly unit: string;
}

/** A bar on stderr that appears with its first update; nothing is shown when stderr is not a terminal. */
export function terminalBar(
  format: string,
  { quiet, ...options }: Omit<Options, 'format' | 'stream'> & { readonly quiet: boolean },
) {
  const bar =
    quiet || !process.stderr.isTTY
      ? undefined
      : new SingleBar(
          { stream: process.stderr, format, clearOnComplete: true, ...options },
          Presets.shades_classic,
        );
  let started = false;
  return {
    shown: bar !== undefined,
    /** @param texts what `format` names in braces */
    update(done: number, total: number, texts: Readonly<Record<string, string | number>> = {}) {
      if (!started) bar?.start(total, done, texts);
      started = true;
      bar?.setTotal(total);
      bar?.update(done, texts);
    },
    stop: () => bar?.stop(),
  };
}

/** A progress bar on stderr; none when stderr is not a terminal. */
export function progressBar({ total, from, unit }: Length, { quiet }: { readonly quiet: boolean }) {
  if (quiet || !process.stderr.isTTY || !total || total <= from) return { update() {}, stop() {} };
  const bar = terminalBar(`{bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`, { quiet });
  const whole = Math.round(total);
  bar.update(0, whole);
  return { update: (done: number) => bar.update(Math.round(done), whole), stop: bar.stop };
}

/** What a fit has come to, as a bar on stderr; none when stderr is not a terminal. */
export function fitLine(
  { quiet }: { readonly quiet: boolean },
  { units, seconds }: { readonly units: number; readonly seconds: number | undefined },
) {
  if (quiet || !process.stderr.isTTY) return { update() {}, stop() {} };
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: '{bar} fit {fit}, {value}/{total} steps | {psnr} dB | {rate} | {speed} steps/s | {left} s left',
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  let current = 0;
  return {
    update(progress: FitProgress & { readonly fit: number }) {
      const { fit, step, steps, psnrDb, rate, stepsPerSecond, secondsLeft } = progress;
      const shown = {
        fit,
        psnr: psnrDb.toFixed(2),
        rate:
          seconds === undefined
            ? `${rate.toFixed(3)} bpp`
            : `${((rate * units) / seconds / 1000).toFixed(2)} kbps`,
        speed: stepsPerSecond.toFixed(2),
        left: secondsLeft.toFixed(0),
      };
      if (fit !== current) bar.start(steps, step, shown);
      else bar.update(step, shown);
      current = fit;
    },
    stop: () => bar.stop(),
  };
}
