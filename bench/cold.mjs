import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { digits, median, summary } from './measure.mjs';
import { print, table } from './print.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const clip = path.join(root, 'examples/speech.wav');
const RUNS = 5;
const AIM_MS = 2000;

/** `codec encode` of a 5 s clip from a standing start, and where the time goes. */
export async function cold() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'codec-bench-'));
  try {
    const whole = [];
    const phases = {};
    // One run more, whose files come from disk and not from memory, does not count.
    for (let run = -1; run < RUNS; run++) {
      const output = path.join(folder, `${run}.codec`);
      const command = await timed(['dist/src/cli/main.js', 'encode', clip, '-o', output, '--quiet']);
      const parts = await timed(['bench/cold-phases.mjs', clip]);
      if (run < 0) continue;
      whole.push(command.ms);
      for (const [name, ms] of Object.entries(phasesOf(parts))) {
        phases[name] ??= [];
        phases[name].push(ms);
      }
    }
    const { medianMs, spread } = summary(whole);
    print(`codec encode examples/speech.wav (5 s), median of ${RUNS} processes`);
    table(
      ['', 'ms', 'min to max', 'aim', 'of the aim'],
      [['whole process', digits(medianMs), spread, AIM_MS, `${Math.round((100 * medianMs) / AIM_MS)} %`]],
    );
    print('the same work step by step:');
    table(
      ['', 'ms'],
      Object.entries(phases).map(([name, ms]) => [name, digits(median(ms))]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a Node program to its end. Times are milliseconds since 1970, which parent and child share. */
async function timed(args) {
  const startedAt = now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  const endedAt = now();
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return { startedAt, endedAt, ms: endedAt - startedAt, output };
}

/** The marks a child printed, as durations. */
function phasesOf({ startedAt, endedAt, output }) {
  const marks = [...JSON.parse(output), ['exit', endedAt]];
  return Object.fromEntries(
    marks.map(([name, at], i) => [name, at - (i === 0 ? startedAt : marks[i - 1][1])]),
  );
}

function now() {
  return performance.timeOrigin + performance.now();
}
