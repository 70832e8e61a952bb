/** The codes a layout arranges: `codebooks` rows; row q has `rates[q]` entries per frame. */
export interface LayoutShape {
  readonly codebooks: number;
  /** Entries of each codebook per frame, the first being 1; all 1 when left out (SNAC: [1, 2, 4]). */
  readonly rates: readonly number[];
}

/** Where a code stands in the streams. */
export interface Place {
  readonly stream: number;
  readonly position: number;
}

/** How codes stand in one or more streams of ids of equal length. All else derives from `place`. */
export interface Layout {
  readonly shape: LayoutShape;
  readonly streams: number;
  /**
   * Place of entry `index` of codebook `codebook` (index in [0, frames * rates[codebook])), no two alike.
   * @param frames of the whole signal
   */
  place(codebook: number, index: number, frames: number): Place;
  /**
   * Set where places depend on how many frames there are: that number is then the run of codes with which the first stream
   * begins. Elsewhere a code stands where it stands whatever follows it.
   */
  readonly framesLead?: boolean;
}
