/**
 * Binary decisions ("bins"). Most are coded in a context: a numbered slot whose probability adapts to the bins coded in
 * it. Others are bypassed: coded as equally likely, without a context.
 */
export interface BinSink {
  /** A bin, 0 or 1, in a context. */
  encode(bin: number, context: number): void;
  /** The lowest `width` (0 to 16) bits of `value`, highest first, as bypassed bins. */
  encodeBypass(value: number, width: number): void;
}

/** Reads bins as they were written: same order, same contexts, same widths. Any bytes decode to some bins. */
export interface BinSource {
  decode(context: number): 0 | 1;
  /** The next `width` (0 to 16) bypassed bins, the first one highest. */
  decodeBypass(width: number): number;
}

/** An adaptive binary coder: all its contexts begin at one half. */
export interface BinEncoder extends BinSink {
  /** A bin that is nearly always 0. Nothing but `finish` may follow a 1. */
  encodeTerminate(bin: number): void;
  /** About how many bits `bin` would take in this context now. For estimates only: it is a float. */
  bits(bin: number, context: number): number;
  /** All bins as bytes. The encoder is used up. */
  finish(): Uint8Array<ArrayBuffer>;
}

export interface BinDecoder extends BinSource {
  decodeTerminate(): 0 | 1;
  /** Whether bytes are left that no bin so far depends on: never so after the last bin of an intact code. */
  readonly hasUnusedBytes: boolean;
}

/** Adds up what bins would take, without coding them: contexts stay as they are. */
export class BinEstimate implements BinSink {
  bits = 0;
  private readonly encoder: BinEncoder;

  constructor(encoder: BinEncoder) {
    this.encoder = encoder;
  }

  encode(bin: number, context: number): void {
    this.bits += this.encoder.bits(bin, context);
  }

  encodeBypass(_: number, width: number): void {
    this.bits += width;
  }
}
