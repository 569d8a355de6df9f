/** bzip2's own: the polynomial of CRC-32 with the highest bit first. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc < 0 ? 0x04c1_1db7 : 0);
  return crc;
});

export const crcStart = 0xffff_ffff;
export const crcByte = (crc: number, byte: number): number =>
  ((crc << 8) ^ (TABLE[((crc >>> 24) ^ byte) & 0xff] as number)) >>> 0;
export const crcEnd = (crc: number): number => ~crc >>> 0;
/** Of a stream, by those of its blocks. */
export const crcCombine = (stream: number, block: number): number => (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
