/** A counter starts fast, its nth step 1 / (n + FIRST), and settles at this many. */
const FIRST = 4;
const LAST = 30;
const steps = Int32Array.from({ length: LAST + 1 }, (_, n) => Math.floor(65_536 / (n + FIRST)));

/**
 * Adaptive probabilities in numbered slots. A slot that is used for the first time begins at what its user says. Slots are
 * found by a hash without check: two that meet in one share it, at both ends of a file alike.
 */
export class Counters {
  private readonly probabilities: Uint16Array;
  private readonly counts: Uint8Array;
  private readonly mask: number;

  constructor(bits: number) {
    this.probabilities = new Uint16Array(1 << bits);
    this.counts = new Uint8Array(1 << bits);
    this.mask = (1 << bits) - 1;
  }

  reset(): void {
    this.counts.fill(0);
  }

  /** The slot of a key. */
  slot(a: number, b: number): number {
    const mixed = Math.imul(a, 0x2c1b3c6d) ^ Math.imul(b + 1, 0x297a2d39);
    return ((mixed >>> 15) ^ mixed) & this.mask;
  }

  /** Probability in a slot, of 2^16. */
  get(slot: number, first: number): number {
    if (this.counts[slot] === 0) {
      this.counts[slot] = 1;
      this.probabilities[slot] = first;
    }
    return this.probabilities[slot]!;
  }

  update(slot: number, bit: number): void {
    const n = this.counts[slot]!;
    const p = this.probabilities[slot]!;
    // The largest step is a fifth of the way to 2^16 or 0: no more than 31 bits, and never out of (0, 2^16).
    this.probabilities[slot] = bit
      ? p + (Math.imul(65_535 - p, steps[n]!) >>> 16)
      : p - (Math.imul(p, steps[n]!) >>> 16);
    if (n < LAST) this.counts[slot] = n + 1;
  }
}
