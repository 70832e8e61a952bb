import type { ContainerChunk } from '../bitstream/container.ts';
import type { Codes, CodesSegment } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import type { CodesShape, EntropyCoder } from '../entropy/entropy-coder.ts';

const SCALE_BYTES = 4;

/** A chunk's payload: the scale of its segment as little-endian float32, if it is one, then the entropy coder's bytes. */
export function encodePayload(codes: Codes, entropy: EntropyCoder): { payload: Uint8Array; mode: number } {
  const { bytes, mode } = entropy.encode(codes);
  const [segment] = codes.segments ?? [];
  if (!segment) return { payload: bytes, mode };
  const payload = new Uint8Array(SCALE_BYTES + bytes.length);
  new DataView(payload.buffer).setFloat32(0, segment.scale, true);
  payload.set(bytes, SCALE_BYTES);
  return { payload, mode };
}

/** Reads such a payload. Throws `bad-container` when it cannot be one. */
export function decodePayload(
  { payload, mode, frames }: Pick<ContainerChunk, 'payload' | 'mode' | 'frames'>,
  shape: Omit<CodesShape, 'frames'>,
  segmented: boolean,
  entropy: Pick<EntropyCoder, 'decode'>,
): Codes {
  if (!segmented) return entropy.decode({ bytes: payload, mode }, { ...shape, frames });
  const segments: CodesSegment[] = [{ frames, scale: scaleOf(payload) }];
  const bytes = payload.subarray(SCALE_BYTES);
  return { ...entropy.decode({ bytes, mode }, { ...shape, frames }), segments };
}

function scaleOf(payload: Uint8Array): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const scale = payload.length >= SCALE_BYTES ? view.getFloat32(0, true) : Number.NaN;
  if (Number.isFinite(scale) && scale >= 0) return scale;
  throw new CodecError('bad-container', {
    what: "cannot decode a chunk's codes",
    found: payload.length < SCALE_BYTES ? `${payload.length} bytes` : `a scale of ${scale}`,
    expected: 'a finite scale before the codes',
  });
}
