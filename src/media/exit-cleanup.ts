const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const cleanups = new Set<() => void>();

/**
 * Runs `cleanup` (synchronous, must not throw) if the process exits or is stopped by SIGINT, SIGTERM or SIGHUP
 * before the returned function takes it back. After a signal the process still dies of that signal. Where the
 * application has its own listener for the signal, that decides, and the cleanup waits for the exit.
 */
export function onProcessExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) listen();
  cleanups.add(cleanup);
  return () => {
    if (cleanups.delete(cleanup) && cleanups.size === 0) unlisten();
  };
}

// Listeners exist only while there is something to clean, so that signals keep their default otherwise.
function listen(): void {
  process.on('exit', runAll);
  for (const signal of SIGNALS) process.on(signal, dieOf);
}

function unlisten(): void {
  process.off('exit', runAll);
  for (const signal of SIGNALS) process.off(signal, dieOf);
}

function runAll(): void {
  for (const cleanup of cleanups) cleanup();
  cleanups.clear();
}

function dieOf(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runAll();
  unlisten();
  process.kill(process.pid, signal);
}
