/**
 * Python's text. A str may hold lone surrogates, which pickle writes as three bytes each ("surrogatepass"); strict UTF-8
 * knows none, so text that has any goes through the slow ways below.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Below this, building the string here is quicker than a call of TextDecoder. */
const SHORT = 24;

/** Errors: TypeError where the bytes are no UTF-8, surrogates apart. */
export function decodeText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start > SHORT) return decodeAny(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x80) return decodeAny(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeAny(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeSurrogates(bytes);
  }
}

/** Strict UTF-8 between the surrogates, `ED A0..BF xx` each. */
function decodeSurrogates(bytes: Uint8Array): string {
  let text = '';
  let start = 0;
  for (let at = bytes.indexOf(0xed); at !== -1; at = bytes.indexOf(0xed, at + 1)) {
    const [second = 0, third = 0] = bytes.subarray(at + 1, at + 3);
    if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue;
    text +=
      strict.decode(bytes.subarray(start, at)) + String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
    start = at + 3;
  }
  return text + strict.decode(bytes.subarray(start));
}

export const hasLoneSurrogate = (text: string): boolean => /\p{Surrogate}/u.test(text);

/** UTF-8 with every lone surrogate as three bytes. */
export function encodeSurrogates(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x1_0000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return Uint8Array.from(bytes);
}

/** Errors: TypeError where a character is no single byte. */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new TypeError('expected characters up to U+00FF');
    bytes[i] = code;
  }
  return bytes;
}
