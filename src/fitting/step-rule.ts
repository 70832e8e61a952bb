/** Changes values and moments [from, to) by their gradient. */
export type StepRule = (
  values: Float32Array,
  m: Float32Array,
  v: Float32Array,
  gradient: Float32Array,
  from: number,
  to: number,
) => void;
