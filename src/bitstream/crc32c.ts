/** The Castagnoli polynomial, bits reversed. */
export const CRC32C_POLYNOMIAL = 0x82f63b78;

/** `TABLES[256 * k + b]`: the register after byte `b` and then k zero bytes. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let register = byte;
    for (let bit = 0; bit < 8; bit++) {
      register = register & 1 ? (register >>> 1) ^ CRC32C_POLYNOMIAL : register >>> 1;
    }
    tables[byte] = register;
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 255]!;
  }
  return tables;
}

/**
 * CRC-32C (RFC 3720, appendix B.4) of `bytes`, as an unsigned 32-bit integer. To check data that comes in pieces,
 * hand each result on as `previous`. Not the polynomial of `zlib.crc32`: this one detects more errors in short
 * messages (Koopman, DSN 2002).
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const t = TABLES;
  const length = bytes.length;
  let register = ~previous;
  let i = 0;
  // Eight bytes a step ("slicing by 8"): the eight look-ups do not wait for each other.
  for (; i + 8 <= length; i += 8) {
    const first =
      register ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    register =
      t[1792 + (first & 255)]! ^
      t[1536 + ((first >>> 8) & 255)]! ^
      t[1280 + ((first >>> 16) & 255)]! ^
      t[1024 + (first >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < length; i++) register = (register >>> 8) ^ t[(register ^ bytes[i]!) & 255]!;
  return ~register >>> 0;
}

/** The bare register after one more byte; see `SlidingCrc`. */
export function stepRegister(register: number, byte: number): number {
  return (register >>> 8) ^ TABLES[(register ^ byte) & 255]!;
}
