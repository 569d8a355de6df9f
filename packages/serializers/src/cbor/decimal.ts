/** A decimal number as CBOR has it: `digits` times ten to the power of `exponent`. undefined for NaN and Infinity. */
export function partsOf(text: string): { readonly digits: bigint; readonly exponent: number } | undefined {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  // Minus zero has no integer.
  if (sign === '-' && digits === 0n) return undefined;
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

/** As Python's `str(Decimal)` writes it. */
export function decimalText(digits: bigint, exponent: number): string {
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits);
  const adjusted = exponent + text.length - 1;
  if (exponent <= 0 && adjusted >= -6) {
    const padded = text.padStart(1 - exponent, '0');
    const point = padded.length + exponent;
    return sign + (exponent === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`);
  }
  const mantissa = text.length === 1 ? text : `${text[0]}.${text.slice(1)}`;
  return `${sign}${mantissa}E${adjusted < 0 ? '' : '+'}${adjusted}`;
}
