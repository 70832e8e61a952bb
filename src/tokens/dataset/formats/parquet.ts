import type { SchemaElement } from 'hyparquet';
import { type IntTypeName, intTypes } from '../int-array.ts';
import type { RowInfo, TokenRow } from '../row.ts';
import type { ShardFormat } from './format.ts';

type Kind = 'text' | 'real' | 'whole' | 'json';

/** What is known of a row, as columns; the tokens are one more, a list of lists. */
const columns = {
  id: { kind: 'text', required: true },
  source: { kind: 'text', required: true },
  text: { kind: 'text', required: false },
  startSeconds: { kind: 'real', required: false },
  endSeconds: { kind: 'real', required: false },
  durationSeconds: { kind: 'real', required: true },
  frames: { kind: 'whole', required: true },
  metadata: { kind: 'json', required: false },
  segments: { kind: 'json', required: false },
} as const satisfies Record<keyof RowInfo, { kind: Kind; required: boolean }>;

const physical: Record<Kind, Partial<SchemaElement>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  real: { type: 'DOUBLE' },
  whole: { type: 'INT32' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

function schemaOf(intType: IntTypeName): SchemaElement[] {
  const infos = Object.entries(columns).map(([name, { kind, required }]) => ({
    name,
    ...physical[kind],
    repetition_type: required ? ('REQUIRED' as const) : ('OPTIONAL' as const),
  }));
  const integer: SchemaElement =
    intTypes[intType].bits < 32
      ? { name: 'element', type: 'INT32', converted_type: intType === 'uint8' ? 'UINT_8' : 'UINT_16' }
      : { name: 'element', type: 'INT32' };
  return [
    { name: 'root', num_children: infos.length + 1 },
    ...infos,
    { name: 'tokens', num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { name: 'element', num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    { ...integer, repetition_type: 'REQUIRED' },
  ];
}

/** A table: columns of what is known, and `tokens`, a list of lists of the smallest fitting integers. */
export const parquet: ShardFormat = {
  about: 'a table with the tokens as a list of lists',
  extension: 'parquet',
  async write(rows, { intType }) {
    const { ByteWriter, parquetWrite } = await import('hyparquet-writer');
    const writer = new ByteWriter();
    const infos = (Object.keys(columns) as (keyof typeof columns)[]).map((name) => ({
      name,
      data: rows.map((row) => row[name] ?? undefined),
    }));
    const tokens = rows.map((row) => row.tokens.map((stream) => Array.from(stream)));
    await parquetWrite({
      writer,
      schema: schemaOf(intType),
      columnData: [...infos, { name: 'tokens', data: tokens }],
      createdBy: 'neural-codec',
    });
    return [{ extension: 'parquet', bytes: new Uint8Array(writer.getBuffer()) }];
  },
  async *read(read) {
    const { parquetReadObjects } = await import('hyparquet');
    const bytes = await read('parquet');
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    for (const found of await parquetReadObjects({ file })) {
      const known = Object.fromEntries(Object.entries(found).filter(([, value]) => value != null));
      const tokens = (found.tokens as number[][]).map((stream) => Int32Array.from(stream));
      yield { ...(known as unknown as TokenRow), tokens };
    }
  },
};
