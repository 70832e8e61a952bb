const POLYNOMIAL = 0x82f63b78; // Castagnoli, bits reversed (RFC 3720, appendix B.4)

// Four tables: four bytes are taken at once ("slicing").
const tables = Array.from({ length: 4 }, () => new Uint32Array(256));
for (let n = 0; n < 256; n++) {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  tables[0]![n] = value;
}
for (let slice = 1; slice < 4; slice++) {
  for (let n = 0; n < 256; n++) {
    const before = tables[slice - 1]![n]!;
    tables[slice]![n] = tables[0]![before & 0xff]! ^ (before >>> 8);
  }
}

/** CRC-32C of `bytes`, going on from the CRC of what came before them. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let crc = ~previous;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
