import { runInProcesses } from '../../src/index.ts';
import type { Row } from './row.ts';
import { NOTHING, type Task } from './work.ts';

export interface PoolOptions {
  /** Processes at once. */
  readonly jobs: number;
  /** Threads of each process's engine. */
  readonly threads: number;
  readonly scratch: string;
  onRow(row: Row): void;
}

/** Runs tasks in worker processes. One that dies costs the row it was at, which says so. */
export async function runTasks(tasks: readonly Task[], options: PoolOptions): Promise<void> {
  await runInProcesses<Task, Row>(tasks, {
    module: new URL('./worker.js', import.meta.url),
    args: [String(options.threads), options.scratch],
    processes: Math.min(options.jobs, tasks.length),
    nodeOptions: ['--expose-gc'],
    // A process that holds one codec tells that codec's memory.
    mayFollow: (task, earlier) => task.system.family === earlier.system.family,
    onResult: options.onRow,
    onDeath: ({ item, system }, cause) => ({
      ...{ item: item.id, system: system.label, family: system.family, media: item.media },
      ...NOTHING,
      error: { code: 'unexpected', message: `the worker process died: ${cause}` },
    }),
  });
}
