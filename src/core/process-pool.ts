import { type ChildProcess, fork } from 'node:child_process';

export interface ProcessPoolOptions<Task, Result> {
  /** The module a process runs: it answers every message (a task) with a message (the result), and ends on disconnect. */
  readonly module: URL;
  readonly args: readonly string[];
  /** Options of Node for the processes, besides those of this one. */
  readonly nodeOptions?: readonly string[];
  /** Processes at once. */
  readonly processes: number;
  /** Whether a process may go on with a task after another. Default: always. */
  mayFollow?(task: Task, earlier: Task): boolean;
  onResult(result: Result, task: Task): void | Promise<void>;
  /** The result of a task at which its process died, by what signal or exit status. It may throw instead. */
  onDeath(task: Task, cause: string): Result;
  /** Ends the processes and makes `runInProcesses` throw its reason. */
  readonly signal?: AbortSignal;
  /** How often a task is tried again when its process died. Default 0. */
  readonly retries?: number;
}

/**
 * Runs tasks in worker processes, as many results as tasks in no certain order. A process that dies costs the task it was
 * at; another takes its place.
 */
export async function runInProcesses<Task, Result>(
  tasks: Iterable<Task>,
  options: ProcessPoolOptions<Task, Result>,
): Promise<void> {
  const waiting = tasks[Symbol.iterator]();
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  await Promise.allSettled(
    Array.from({ length: options.processes }, () =>
      // What ends one of them ends all.
      runOne(waiting, options, signal).catch((error) => failure.abort(error)),
    ),
  );
  signal.throwIfAborted();
}

async function runOne<Task, Result>(
  waiting: Iterator<Task>,
  options: ProcessPoolOptions<Task, Result>,
  signal: AbortSignal,
): Promise<void> {
  const { module, args, nodeOptions = [], mayFollow, onResult, onDeath, retries = 0 } = options;
  const execArgv = [...process.execArgv, ...nodeOptions];
  let worker: ChildProcess | undefined;
  let earlier: Task | undefined;
  const kill = () => void worker?.kill();
  signal.addEventListener('abort', kill);
  try {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const task = next.value;
      if (earlier !== undefined && mayFollow?.(task, earlier) === false && worker?.connected)
        worker.disconnect();
      earlier = task;
      for (let tried = 0; ; tried++) {
        signal.throwIfAborted();
        worker = worker?.connected ? worker : fork(module, args, { serialization: 'advanced', execArgv });
        const answer = await ask<Task, Result>(worker, task);
        signal.throwIfAborted();
        if ('death' in answer && tried < retries) continue;
        await onResult('death' in answer ? onDeath(task, answer.death) : answer.result, task);
        break;
      }
    }
  } finally {
    signal.removeEventListener('abort', kill);
    if (worker?.connected) worker.disconnect();
  }
}

function ask<Task, Result>(
  worker: ChildProcess,
  task: Task,
): Promise<{ result: Result } | { death: string }> {
  return new Promise((done) => {
    const settle = (answer: { result: Result } | { death: string }) => {
      worker.off('message', answered);
      worker.off('exit', died);
      done(answer);
    };
    const answered = (result: unknown) => settle({ result: result as Result });
    const died = (status: number | null, signal: string | null) =>
      settle({ death: signal ?? `exit status ${status}` });
    worker.on('message', answered);
    worker.on('exit', died);
    worker.send(task as object, (error) => {
      // The process ended between two tasks; its exit tells how.
      if (error && worker.exitCode !== null) died(worker.exitCode, worker.signalCode);
    });
  });
}
