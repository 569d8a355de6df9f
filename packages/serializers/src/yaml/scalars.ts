/** Python's int() refuses more. */
export const MAX_DIGITS = 4_300;

/** PyYAML reads a float by its point, and an exponent by its sign. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', exponent] = String(value).split('e');
  const pointed = digits.includes('.') ? digits : `${digits}.0`;
  return exponent === undefined ? pointed : `${pointed}e${exponent.replace(/^(?=\d)/, '+')}`;
}

export const quote = (text: string): string => `"${text.replace(UNPRINTABLE, escaped)}"`;

/** What PyYAML does not read unescaped, what ends a line, and half of a surrogate pair; a whole one stays. */
const UNPRINTABLE = /["\\\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u00a0\ufeff\ufffe\uffff]/gu;

function escaped(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  const hex = char.charCodeAt(0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
