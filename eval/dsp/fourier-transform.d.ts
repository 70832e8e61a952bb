declare module 'fourier-transform' {
  /** Real and imaginary part of bins 0 to n / 2. Without `output`, a buffer that the next call of the same size overwrites. */
  export function fft(
    input: ArrayLike<number>,
    output?: [Float64Array, Float64Array],
  ): [Float64Array, Float64Array];
  /** The inverse of `fft`, scaled. */
  export function ifft(re: Float64Array, im: Float64Array, output?: Float64Array): Float64Array;
}
