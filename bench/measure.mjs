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
 * @returns {Promise<Record<string, {medianMs: number, spread: string}>>}
 */
export async function measure(tasks, { rounds = 7, warmUps = 1 } = {}) {
  const times = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const start = performance.now();
      await task();
      const ms = performance.now() - start;
      if (round >= 0) times[name].push(ms);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, summary(ms)]));
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
