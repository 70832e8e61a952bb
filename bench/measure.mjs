/** The middle value. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Median wall milliseconds of each task. Tasks run in turn, round after round, so that whatever slows the machine for a
 * while slows all of them and their ratios hold.
 * @param {Record<string, () => unknown>} tasks
 * @param {{rounds?: number, warmUps?: number}} options
 * @returns {Promise<Record<string, {medianMs: number, spread: string, cpuMs: number}>>} `cpuMs` is the median CPU time of the
 *   process, which other work on the machine disturbs less
 */
export async function measure(tasks, { rounds = 7, warmUps = 1 } = {}) {
  const lists = () => Object.fromEntries(Object.keys(tasks).map((name) => [name, []]));
  const [times, cpu] = [lists(), lists()];
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const [start, used] = [performance.now(), process.cpuUsage()];
      await task();
      const ms = performance.now() - start;
      const { user, system } = process.cpuUsage(used);
      if (round < 0) continue;
      times[name].push(ms);
      cpu[name].push((user + system) / 1000);
    }
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, ms]) => [name, { ...summary(ms), cpuMs: median(cpu[name]) }]),
  );
}

/** A median with the range it was taken from. */
export function summary(ms) {
  return { medianMs: median(ms), spread: `${digits(Math.min(...ms))} to ${digits(Math.max(...ms))}` };
}

/** A number to three digits. */
export function digits(value) {
  const whole = Math.floor(Math.abs(value)).toString().length;
  return value.toFixed(value >= 1 ? Math.max(0, 3 - whole) : 2);
}
