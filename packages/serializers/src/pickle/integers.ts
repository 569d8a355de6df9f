/** Whole numbers as pickle's LONG1 and LONG4 hold them: little-endian two's complement, empty for zero. */

/** A number where it is exact, else a bigint. */
export const exact = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** Up to six bytes a double holds every value, so no bigint is made on the way. */
const SHORT = 6;

export function fromTwosComplement(bytes: Uint8Array): number | bigint {
  const length = bytes.length;
  if (length === 0) return 0;
  const negative = (bytes[length - 1] ?? 0) >= 0x80;
  if (length <= SHORT) {
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0);
    return negative ? value - 256 ** length : value;
  }
  // Through hexadecimal text: linear in length, where shifting bigints byte by byte is quadratic.
  let hex = '0x';
  for (let i = length - 1; i >= 0; i--) hex += (bytes[i] ?? 0).toString(16).padStart(2, '0');
  const value = BigInt(hex);
  return exact(negative ? BigInt.asIntN(length * 8, value) : value);
}

export function toTwosComplement(value: bigint): Uint8Array {
  // For a negative number ~value has the same length without its sign bit.
  const digits = (value < 0n ? ~value : value).toString(16);
  // One bit more than the magnitude, for the sign.
  const topBits = 32 - Math.clz32(Number.parseInt(digits[0] ?? '0', 16));
  const length = value === 0n ? 0 : Math.floor(((digits.length - 1) * 4 + topBits) / 8) + 1;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[length - 1 - i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
