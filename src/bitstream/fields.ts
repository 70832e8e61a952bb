import { CodecError } from '../core/errors.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { writeVarint } from './varint.ts';

interface FieldBase {
  readonly name: string;
  /** What the value means, for `codec info` and the documentation. */
  readonly doc: string;
  readonly unit?: string;
  /** Present only if the bits `mask` of an earlier number in the table are `equals`. */
  readonly when?: { readonly field: string; readonly mask?: number; readonly equals: number };
}

/** One field of a header: the row of a table from which its reader, writer and listing derive. */
export type Field = FieldBase &
  (
    | {
        /** Fixed-width integers are little-endian; `varint` is unsigned LEB128. */
        readonly type: 'u8' | 'u16' | 'u32' | 'varint';
        readonly min?: number;
        readonly max?: number;
      }
    | { readonly type: 'bytes'; readonly size: number }
    /** UTF-8 without control characters, its length in bytes (1 to maxBytes) before it as a varint. */
    | { readonly type: 'utf8'; readonly maxBytes: number }
  );

type ValueOf<F extends Field> = F['type'] extends 'bytes'
  ? Uint8Array
  : F['type'] extends 'utf8'
    ? string
    : number;

/** The object a table describes. */
export type FieldValues<T extends readonly Field[]> = {
  readonly [F in Exclude<T[number], { when: object }> as F['name']]: ValueOf<F>;
} & {
  readonly [F in Extract<T[number], { when: object }> as F['name']]?: ValueOf<F>;
};

type AnyValues = Readonly<Record<string, unknown>>;

const MAXIMA = { u8: 0xff, u16: 0xffff, u32: 0xffffffff, varint: Number.MAX_SAFE_INTEGER } as const;
const SIZES = { u8: 1, u16: 2, u32: 4 } as const;
const CONTROL = /\p{Cc}/u;

function isPresent(field: Field, values: AnyValues): boolean {
  if (!field.when) return true;
  const { field: name, mask, equals } = field.when;
  const value = values[name] as number;
  return (mask === undefined ? value : value & mask) === equals;
}

/** Appends `values` to `out`. Throws `bad-argument` naming the first field whose value does not fit. */
export function writeFields<T extends readonly Field[]>(
  table: T,
  values: FieldValues<T>,
  out: number[],
): void {
  const given = values as AnyValues;
  for (const field of table) {
    if (isPresent(field, given)) writeField(field, given[field.name], out);
  }
}

function writeField(field: Field, value: unknown, out: number[]): void {
  if (field.type === 'bytes') {
    const fits = value instanceof Uint8Array && value.length === field.size;
    if (!fits) throw misfit(field, value, `${field.size} bytes`);
    out.push(...value);
  } else if (field.type === 'utf8') {
    const text = typeof value === 'string' ? value : '';
    const bytes = new TextEncoder().encode(text);
    const fits = bytes.length > 0 && bytes.length <= field.maxBytes && !CONTROL.test(text);
    if (!fits) throw misfit(field, value, `1 to ${field.maxBytes} bytes of printable UTF-8`);
    writeVarint(bytes.length, out);
    out.push(...bytes);
  } else {
    const min = field.min ?? 0;
    const max = field.max ?? MAXIMA[field.type];
    const fits = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
    if (!fits) throw misfit(field, value, `an integer from ${min} to ${max}`);
    if (field.type === 'varint') writeVarint(value as number, out);
    else for (let i = 0; i < SIZES[field.type]; i++) out.push(((value as number) >>> (8 * i)) & 255);
  }
}

function misfit(field: Field, value: unknown, expected: string): CodecError {
  const found = value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
  return new CodecError('bad-argument', {
    what: `cannot write ${field.name} (${field.doc})`,
    found: found ?? 'nothing',
    expected,
  });
}

/** Reads a table's fields; meaningless if `cursor.failure` is set afterwards. */
export function readFields<T extends readonly Field[]>(table: T, cursor: ByteCursor): FieldValues<T> {
  const values: Record<string, unknown> = {};
  for (const field of table) {
    if (isPresent(field, values)) values[field.name] = readField(field, cursor);
  }
  return values as FieldValues<T>;
}

function readField(field: Field, cursor: ByteCursor): unknown {
  if (field.type === 'bytes') return cursor.take(field.size).slice();
  if (field.type === 'utf8') return readText(field.name, field.maxBytes, cursor);
  const value = field.type === 'varint' ? cursor.varint() : cursor.uint(SIZES[field.type]);
  const max = field.max ?? MAXIMA[field.type];
  if (value < (field.min ?? 0) || value > max) cursor.fail(`a ${field.name} of ${value}`);
  return value;
}

function readText(name: string, maxBytes: number, cursor: ByteCursor): string {
  const size = cursor.varint();
  if (size === 0 || size > maxBytes) cursor.fail(`a ${name} of ${size} bytes`);
  const bytes = cursor.take(size);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // Names are printed: a file must not be able to send commands to the terminal.
    if (CONTROL.test(text)) cursor.fail(`a ${name} with control characters`);
    return text;
  } catch {
    cursor.fail(`a ${name} that is not UTF-8`);
    return '';
  }
}

/** A row for people to read. */
export interface FieldListing {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly doc: string;
}

/** The fields of a table that are present, in file order. */
export function listFields<T extends readonly Field[]>(table: T, values: FieldValues<T>): FieldListing[] {
  const given = values as AnyValues;
  return table
    .filter((field) => isPresent(field, given))
    .map(({ name, doc, unit }) => {
      const value = given[name];
      const text = value instanceof Uint8Array ? toHex(value) : String(value);
      return { name, value: text, ...(unit === undefined ? {} : { unit }), doc };
    });
}

/** Lower-case hexadecimal digits, two a byte. */
export function toHex(bytes: Uint8Array, separator = ''): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
}
