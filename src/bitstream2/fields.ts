/** Kinds of header field. Varints are unsigned LEB128 up to 2^53 - 1; text is a varint length and UTF-8. */
export type FieldType = 'u8' | 'varint' | 'text' | 'bytes8';

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly about: string;
}

export type FieldValue = number | string | Uint8Array;
export type FieldValues = Readonly<Record<string, FieldValue>>;

const MAX_TEXT_BYTES = 255;
const MAX_VARINT_BYTES = 8;

/** A varint's bytes. */
export function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** Bytes of the fields, in the table's order. */
export function writeFields(table: readonly Field[], values: FieldValues): number[] {
  return table.flatMap(({ name, type }) => {
    const value = values[name];
    if (type === 'u8') return [value as number];
    if (type === 'varint') return varintBytes(value as number);
    if (type === 'bytes8') return [...(value as Uint8Array)];
    const text = new TextEncoder().encode(value as string);
    return [...varintBytes(text.length), ...text];
  });
}

/** Walks bytes; every read gives undefined when the bytes end too early or make no sense. */
export class Cursor {
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  u8(): number | undefined {
    return this.bytes[this.at++];
  }

  varint(): number | undefined {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.u8();
      if (byte === undefined) return undefined;
      value += (byte & 127) * 128 ** i;
      // A last byte of zero would be a second spelling of the same number.
      if (byte < 128) return value <= Number.MAX_SAFE_INTEGER && (byte > 0 || i === 0) ? value : undefined;
    }
    return undefined;
  }

  take(count: number): Uint8Array | undefined {
    if (this.at + count > this.bytes.length) return undefined;
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  field(type: FieldType): FieldValue | undefined {
    if (type === 'u8') return this.u8();
    if (type === 'varint') return this.varint();
    if (type === 'bytes8') return this.take(8)?.slice();
    const length = this.varint();
    const text = length !== undefined && length <= MAX_TEXT_BYTES ? this.take(length) : undefined;
    return text && new TextDecoder().decode(text);
  }
}

/** Reads a table's fields; undefined when the bytes end too early or make no sense. */
export function readFields(table: readonly Field[], cursor: Cursor): Record<string, FieldValue> | undefined {
  const values: Record<string, FieldValue> = {};
  for (const { name, type } of table) {
    const value = cursor.field(type);
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return values;
}
