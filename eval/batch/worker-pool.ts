import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Row } from './row.ts';
import { NOTHING, type Task } from './work.ts';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

export interface PoolOptions {
  /** Processes at once. */
  readonly jobs: number;
  /** Threads of each process's engine. */
  readonly threads: number;
  readonly scratch: string;
  onRow(row: Row): void;
}

/**
 * Runs tasks in worker processes, as many rows as tasks in no certain order. A worker that dies costs the row it was at,
 * which says so, and another takes its place.
 */
export async function runTasks(tasks: readonly Task[], options: PoolOptions): Promise<void> {
  const waiting = tasks.values();
  await Promise.all(
    Array.from({ length: Math.min(options.jobs, tasks.length) }, () => runOne(waiting, options)),
  );
}

async function runOne(waiting: IterableIterator<Task>, options: PoolOptions): Promise<void> {
  let worker: ChildProcess | undefined;
  try {
    for (const task of waiting) {
      worker = worker?.connected
        ? worker
        : fork(WORKER, [String(options.threads), options.scratch], { serialization: 'advanced' });
      options.onRow(await oneRow(worker, task));
    }
  } finally {
    if (worker?.connected) worker.disconnect();
  }
}

function oneRow(worker: ChildProcess, task: Task): Promise<Row> {
  return new Promise((done) => {
    const settle = (row: Row) => {
      worker.off('message', settle);
      worker.off('exit', died);
      done(row);
    };
    const died = (status: number | null, signal: string | null) => {
      const { item, system } = task;
      settle({
        ...{ item: item.id, system: system.label, family: system.family, media: item.media },
        ...NOTHING,
        error: {
          code: 'unexpected',
          message: `the worker process died: ${signal ?? `exit status ${status}`}`,
        },
      });
    };
    worker.on('message', settle);
    worker.on('exit', died);
    worker.send(task);
  });
}
