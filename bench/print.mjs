import os from 'node:os';

/** Prints a line; the report is what this program is for. */
export function print(line = '') {
  process.stdout.write(`${line}\n`);
}

/** Prints rows under their headers, the first column to the left, the others to the right. */
export function table(headers, rows) {
  const cells = [headers, ...rows].map((row) => row.map(String));
  const widths = headers.map((_, c) => Math.max(...cells.map((row) => row[c].length)));
  for (const row of cells) {
    const padded = row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])));
    print(`  ${padded.join('  ')}`.trimEnd());
  }
}

/** Says what the figures were taken on, and whether it had other work. */
export function printMachine() {
  const [cpu] = os.cpus();
  const cores = os.availableParallelism();
  const [load] = os.loadavg();
  print(`${cpu.model}, ${cores} cores, Node ${process.versions.node}, ${os.platform()} ${os.arch()}`);
  print(
    `load average ${load.toFixed(2)}${load > 0.5 ? ': the machine is busy, absolute figures are low' : ''}`,
  );
}
