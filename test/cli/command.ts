import { type ChildProcess, spawn } from 'node:child_process';
import { expect } from 'vitest';
import { ensureBuilt, main } from './build.ts';

export interface Outcome {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** Starts `codec ARGS` in a folder, its standard streams piped and its standard input open. */
export async function start(cwd: string, ...args: string[]): Promise<Running> {
  await ensureBuilt();
  const child = spawn(process.execPath, [main, ...args], { cwd });
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (bytes) => stdout.push(bytes));
  child.stderr.on('data', (bytes) => stderr.push(bytes));
  // The command may end without reading all it is sent.
  child.stdin.on('error', () => {});
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve({ status, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
  });
  return { child, outcome };
}

/** Runs `codec ARGS` in a folder to its end. */
export async function codec(cwd: string, ...args: string[]): Promise<Outcome> {
  return pipeThrough(cwd, new Uint8Array(0), ...args);
}

/** Runs `codec ARGS` with bytes on its standard input. */
export async function pipeThrough(cwd: string, input: Uint8Array, ...args: string[]): Promise<Outcome> {
  const { child, outcome } = await start(cwd, ...args);
  child.stdin!.end(input);
  return outcome;
}

/** The object a command with --json printed: the one line on stdout, and nothing on stderr. */
export function jsonOf({ status, stdout, stderr }: Outcome): Record<string, unknown> {
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const lines = stdout.toString().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('');
  return JSON.parse(lines[0]!);
}

/** Expects a failure that the library foresaw: a status, nothing on stdout, one line on stderr. Gives the line. */
export function failureOf(outcome: Outcome, status: 1 | 2 = 1): string {
  expect(outcome.stdout.toString()).toBe('');
  expect(outcome.stderr).toMatch(/^codec: .+\n$/);
  expect(outcome.stderr).not.toMatch(/unexpected error|undefined|\bat .*:\d+:\d+/);
  expect(outcome.status).toBe(status);
  return outcome.stderr.trim();
}
