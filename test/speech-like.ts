/** White noise in [-1, 1), the same for the same seed. */
export function noise(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Bursts of harmonics that glide, with pauses: as much like speech as a metric needs to find something to compare. */
export function speechLike(sampleRateHz: number, seconds: number): Float32Array {
  const samples = new Float32Array(Math.round(sampleRateHz * seconds));
  const breath = noise(samples.length, 7);
  let phase = 0;
  for (let i = 0; i < samples.length; i++) {
    const t = i / sampleRateHz;
    phase += (2 * Math.PI * (130 + 40 * Math.sin(2 * Math.PI * 1.3 * t))) / sampleRateHz;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3.1 * t)) * (t % 1 < 0.7 ? 1 : 0);
    let voice = 0;
    for (let k = 1; k <= 20; k++) voice += Math.sin(k * phase + Math.sin(2 * Math.PI * 0.9 * k * t)) / k;
    samples[i] = syllable * (0.2 * voice + 0.01 * breath[i]!);
  }
  return samples;
}
