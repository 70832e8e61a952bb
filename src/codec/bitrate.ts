export interface CodeRate {
  /** Codebooks there are at most. */
  readonly codebooks: number;
  readonly codebookSize: number;
  /** Latent frames per second. */
  readonly frameRateHz: number;
}

/** Nominal bitrate of some codebooks in kbps: their indices in plain bits. */
export function nominalKbps(
  codebooks: number,
  { codebookSize, frameRateHz }: Omit<CodeRate, 'codebooks'>,
): number {
  return (codebooks * Math.log2(codebookSize) * frameRateHz) / 1000;
}

/** Codebooks for a bitrate: as many as fit, at least one (EnCodec: floor of the rate over that of one codebook). */
export function codebooksFor(bitrateKbps: number, rate: CodeRate): number {
  // A rate that is meant to be a whole number of codebooks must not lose one to rounding.
  const fitting = Math.floor(bitrateKbps / nominalKbps(1, rate) + 1e-9);
  return Math.max(1, Math.min(rate.codebooks, fitting));
}
