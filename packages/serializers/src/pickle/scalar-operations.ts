import { Float } from '@rb/core';
import { decodeQuoted, decodeRawUnicodeEscape, fromUnits } from './classic-text.js';
import { exact, fromTwosComplement } from './integers.js';
import { tooMany } from './limits.js';
import type { Machine } from './machine.js';
import { decodeText } from './text.js';

export function pushInteger(m: Machine, length: number): void {
  if (length < 0) m.fail('an integer has a negative length');
  limitInteger(m, length);
  m.push(fromTwosComplement(m.input.take(length)));
}

export function pushFloat(m: Machine, value: number): void {
  m.push(m.limits.exactFloats && Number.isInteger(value) ? new Float(value) : value);
}

function limitInteger(m: Machine, length: number): void {
  const { maxIntegerBytes } = m.limits;
  if (length > maxIntegerBytes) m.fail(tooMany('an integer is too long', 'maxIntegerBytes', maxIntegerBytes));
}

export function binaryText(m: Machine, length: number): void {
  const start = m.input.skip(length);
  let text: string;
  try {
    text = decodeText(m.input.bytes, start, start + length);
  } catch {
    m.fail('a text is not UTF-8');
  }
  m.push(text);
}

/** Protocols 0 to 2 of Python 2, whose str is bytes that mostly are text: ASCII is read as text, as Python 3 does. */
export function classicText(m: Machine, length: number): void {
  if (length < 0) m.fail('a text has a negative length');
  pushClassic(m, m.input.take(length).slice());
}

/** Python 3 refuses what is not ASCII; here it stays bytes, which loses nothing. */
const pushClassic = (m: Machine, bytes: Uint8Array): void =>
  m.push(bytes.every((byte) => byte < 0x80) ? fromUnits(bytes) : bytes);

// Protocol 0: everything is a line of text.

const line = (m: Machine): string => fromUnits(m.input.line());

export const quotedText = (m: Machine): void => pushClassic(m, inLine(m, decodeQuoted));

export const escapedText = (m: Machine): void => m.push(inLine(m, decodeRawUnicodeEscape));

function inLine<T>(m: Machine, decode: (line: Uint8Array) => T): T {
  const bytes = m.input.line();
  try {
    return decode(bytes);
  } catch {
    return m.fail('a text is not written as Python does');
  }
}

/** Booleans are `00` and `01`, for readers older than they are. */
export function integerText(m: Machine): void {
  const text = line(m);
  m.push(text === '00' ? false : text === '01' ? true : decimal(m, text));
}

export const decimalText = (m: Machine): void => m.push(decimal(m, line(m).replace(/L$/, '')));

function decimal(m: Machine, text: string): number | bigint {
  // A digit carries less than a byte, and unlike bytes digits take more than linear time.
  limitInteger(m, text.length);
  if (!/^[+-]?\d+$/.test(text)) m.fail('an integer is not written as Python does');
  const magnitude = BigInt(text.replace(/^[+-]/, ''));
  return exact(text.startsWith('-') ? -magnitude : magnitude);
}

const SPECIAL = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
]);

export function floatText(m: Machine): void {
  const text = line(m);
  if (!SPECIAL.has(text) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    m.fail('a float is not written as Python does');
  }
  pushFloat(m, SPECIAL.get(text) ?? Number(text));
}

export function memoIndex(m: Machine): number {
  const text = line(m);
  if (!/^\d{1,15}$/.test(text)) m.fail('a memo index is not written as Python does');
  return Number(text);
}
