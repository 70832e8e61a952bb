export interface SegmentLayout {
  /** Samples of a segment. */
  readonly lengthSamples: number;
  /** Samples from the start of one segment to the start of the next. */
  readonly strideSamples: number;
  /** Whether each segment is brought to the same loudness, its scale kept beside its codes. */
  readonly normalize: boolean;
}
