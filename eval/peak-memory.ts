import { readFileSync, writeFileSync } from 'node:fs';

/** Frees what earlier work left behind, where Node was started with --expose-gc. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** Starts counting this process's largest resident memory afresh, where the system can (Linux). */
export function resetPeakMemory(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak is that of the whole life of the process.
  }
}

/** Largest resident memory of this process since `resetPeakMemory`, in bytes. */
export function peakMemoryBytes(): number {
  return peakMemoryOf('self') ?? process.resourceUsage().maxRSS * 1024;
}

/** Largest resident memory of a running process so far, in bytes; undefined where the system does not tell (Linux does). */
export function peakMemoryOf(process: number | 'self'): number | undefined {
  try {
    const kilobytes = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${process}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
