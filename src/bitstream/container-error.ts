import { CodecError, type ErrorParts } from '../core/errors.ts';

/** What can be wrong with a `.codec` file. */
export type DamageReason =
  | 'not-codec' // another kind of file
  | 'newer-version'
  | 'damaged-header'
  | 'damaged-chunk' // or a damaged end record
  | 'missing-chunk' // every record is intact, but their indices are not 0, 1, 2, ...
  | 'truncated' // the file ends inside the header or a record
  | 'missing-end' // the file ends after a record, but that is not the end record
  | 'trailing-bytes';

/** A stretch of a file that could not be used, and what went with it. */
export interface Damage {
  readonly reason: DamageReason;
  /** The bytes [fromByte, toByte) of the file, none if bytes are missing; in an error, as far as had been read. */
  readonly fromByte: number;
  readonly toByte: number;
  /** The chunks [from, to) are lost; `to` is undefined if the rest of the file is, however long it was. */
  readonly missing: { readonly from: number; readonly to: number | undefined };
}

/** A `bad-container` error that says where. */
export class ContainerError extends CodecError {
  readonly damage: Damage;

  constructor(damage: Damage, parts: ErrorParts) {
    super('bad-container', parts);
    this.damage = damage;
  }
}

const AGAIN = 'Get the file again from its source';

/** A header problem: nothing can be decoded. */
export function headerError(
  reason: DamageReason,
  toByte: number,
  parts: Omit<ErrorParts, 'remedy'> & { remedy?: string },
): ContainerError {
  const damage = { reason, fromByte: 0, toByte, missing: { from: 0, to: undefined } };
  return new ContainerError(damage, { remedy: `${AGAIN}.`, ...parts });
}

/** A problem after the header: `damage` as an error. `found` says what was met in its place. */
export function recordError(name: string, damage: Damage, found: string): ContainerError {
  const { reason, fromByte, missing } = damage;
  const chunk = `chunk ${missing.from}`;
  const whats: Record<DamageReason, string> = {
    'not-codec': `${name} is not a .codec file`,
    'newer-version': `${name} is of a newer version`,
    'damaged-header': `the header of ${name} is damaged`,
    'damaged-chunk': `${name} is damaged at byte ${fromByte}, where ${chunk} or the end record should be`,
    'missing-chunk': `${name} lacks ${chunk} at byte ${fromByte}`,
    truncated: `${name} is truncated inside ${chunk} or the end record, which begins at byte ${fromByte}`,
    'missing-end': `${name} is truncated at byte ${fromByte}, before ${chunk} or the end record`,
    'trailing-bytes': `${name} goes on after its end at byte ${fromByte}`,
  };
  const remedy = `${AGAIN}, or decode it with --best-effort for the intact chunks.`;
  return new ContainerError(damage, { what: whats[reason], found, remedy });
}
