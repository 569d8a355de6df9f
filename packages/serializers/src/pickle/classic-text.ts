/** Text as Python 2 and protocol 0 write it. All in linear time: a line may be as long as the pickle. */

/** As many arguments as any stack takes. */
const CHUNK = 4_096;

/** UTF-16 units, or bytes as Latin-1, as a string. */
export function fromUnits(units: Uint8Array | Uint16Array): string {
  let text = '';
  for (let at = 0; at < units.length; at += CHUNK) text += String.fromCharCode(...units.subarray(at, at + CHUNK));
  return text;
}

const BACKSLASH = 0x5c;

/** The hexadecimal number in the next `digits` bytes; NaN where they are none. */
function hexAt(bytes: Uint8Array, at: number, digits: number): number {
  const text = fromUnits(bytes.subarray(at, at + digits));
  return text.length === digits && /^[\da-f]+$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
}

/** Latin-1 with `\uXXXX` and `\UXXXXXXXX`. Errors: TypeError where an escape is none, or beyond U+10FFFF. */
export function decodeRawUnicodeEscape(bytes: Uint8Array): string {
  // An escape is never shorter than the units that it stands for.
  const units = new Uint16Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const kind = byte === BACKSLASH ? String.fromCharCode(bytes[at + 1] ?? 0) : '';
    if (kind === 'u' || kind === 'U') {
      const digits = kind === 'u' ? 4 : 8;
      const code = hexAt(bytes, at + 2, digits);
      if (!(code <= 0x10_ffff)) throw new TypeError('expected the number of a character after the backslash');
      if (code > 0xffff) units[length++] = 0xd7c0 + (code >> 10);
      units[length++] = code > 0xffff ? 0xdc00 | (code & 0x3ff) : code;
      at += 1 + digits;
    } else {
      units[length++] = byte;
      // What is escaped begins no escape itself.
      if (kind === '\\') units[length++] = bytes[++at] ?? 0;
    }
  }
  return fromUnits(units.subarray(0, length));
}

const ESCAPES = new Map([...'abfnrtv'].map((letter, i) => [letter.charCodeAt(0), '\x07\b\f\n\r\t\v'.charCodeAt(i)]));

const QUOTES = [0x22, 0x27];

/** Python 2's quoted str, as the bytes that it is. Errors: TypeError where it is not quoted, or an escape is none. */
export function decodeQuoted(line: Uint8Array): Uint8Array {
  const quote = line[0] ?? 0;
  if (line.length < 2 || !QUOTES.includes(quote) || line.at(-1) !== quote) throw new TypeError('expected quotes');
  const inner = line.subarray(1, -1);
  const bytes = new Uint8Array(inner.length);
  let length = 0;
  for (let at = 0; at < inner.length; at++) {
    const byte = inner[at] ?? 0;
    const escaped = byte === BACKSLASH ? inner[++at] : undefined;
    // Python's repr writes no octal escapes, the only others there are.
    if (escaped === 0x78) {
      const code = hexAt(inner, at + 1, 2);
      if (Number.isNaN(code)) throw new TypeError('expected two digits after the x');
      bytes[length++] = code;
      at += 2;
    } else bytes[length++] = escaped === undefined ? byte : (ESCAPES.get(escaped) ?? escaped);
  }
  return bytes.slice(0, length);
}
