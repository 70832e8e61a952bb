import type { PaddedSignal } from './padded-signal.ts';

/** Speech activity of a signal in 4 ms frames (P.862, 10.1.3.1). */
export interface Activity {
  /** Whether each frame belongs to speech, short pauses included. */
  readonly speech: boolean[];
  /** log(energy / threshold) where a frame stands out as speech, otherwise 0. */
  readonly logEnergy: Float64Array;
}

/** Frames [from, to). */
export interface Run {
  readonly from: number;
  readonly to: number;
}

const THRESHOLD_ITERATIONS = 12;
/** Energies are kept within this factor of the loudest. */
const FLOOR = 1e-4;
const MAX_CLICK_FRAMES = 4;
const MAX_PAUSE_FRAMES = 50;
/** Speech is taken to begin earlier and to end later by this much. */
const MARGIN_FRAMES = 2;

export function detectSpeech(signal: PaddedSignal): Activity {
  const energy = frameEnergies(signal);
  const { threshold, clean } = speechThreshold(energy);
  const speech = Array.from(energy, (e, i) => e > threshold && i > 0 && i < energy.length - 1);
  for (const { from, to } of runs(speech, true)) {
    const weak = clean && sum(energy, from, to) < 3 * threshold * (to - from);
    if (to - from <= MAX_CLICK_FRAMES || weak) speech.fill(false, from, to);
  }
  const logEnergy = energy.map((e, i) => (speech[i] ? Math.log(e / threshold) : 0));
  for (const { from, to } of runs(speech, false)) {
    if (from > 0 && to < speech.length && to - from <= MAX_PAUSE_FRAMES) speech.fill(true, from, to);
  }
  for (const { from, to } of runs(speech, true)) {
    speech.fill(true, Math.max(0, from - MARGIN_FRAMES), to + MARGIN_FRAMES);
  }
  return { speech, logEnergy };
}

/** Stretches of frames that are all speech, or all not. */
export function runs(speech: readonly boolean[], wanted: boolean): Run[] {
  const found: Run[] = [];
  for (let i = 0; i < speech.length; i++) {
    if (speech[i] !== wanted) continue;
    const from = i;
    while (i < speech.length && speech[i] === wanted) i++;
    found.push({ from, to: i });
  }
  return found;
}

function frameEnergies(signal: PaddedSignal): Float64Array {
  const { frameSamples } = signal.timing;
  return new Float64Array(signal.frames).map((_, frame) => {
    let energy = 0;
    for (let i = frame * frameSamples; i < (frame + 1) * frameSamples; i++) energy += signal.samples[i]! ** 2;
    return energy / frameSamples;
  });
}

/** The threshold settles two standard deviations above the mean of what lies below it. Raises `energy` to its floor. */
function speechThreshold(energy: Float64Array): { threshold: number; clean: boolean } {
  let threshold = sum(energy, 0, energy.length) / energy.length;
  const loudest = energy.reduce((max, e) => Math.max(max, e), 0);
  const floor = loudest > 0 ? loudest * FLOOR : 1;
  for (let i = 0; i < energy.length; i++) energy[i] = Math.max(energy[i]!, floor);
  for (let iteration = 0; iteration < THRESHOLD_ITERATIONS; iteration++) {
    const quiet = energy.filter((e) => e <= threshold);
    if (quiet.length === 0) break;
    const mean = sum(quiet, 0, quiet.length) / quiet.length;
    const variance = quiet.reduce((total, e) => total + (e - mean) ** 2, 0) / quiet.length;
    threshold = 1.001 * (mean + 2 * Math.sqrt(variance));
  }
  const loud = energy.filter((e) => e > threshold);
  const quiet = energy.filter((e) => e <= threshold);
  if (loud.length === 0) return { threshold: -1, clean: false };
  const level = sum(loud, 0, loud.length) / loud.length;
  const noise = quiet.length > 0 ? sum(quiet, 0, quiet.length) / quiet.length : 0;
  return { threshold, clean: level >= 1000 * noise };
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i]!;
  return total;
}
