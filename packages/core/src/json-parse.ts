import { ResultError } from './errors.js';
import { fromTyped } from './json-types.js';
import { setOwn } from './own.js';
import { Float } from './values.js';

export interface ParseOptions {
  readonly maxDepth: number;
  readonly exactFloats: boolean;
  /** Of codecs, by marker. */
  readonly decoders: ReadonlyMap<unknown, (stored: unknown) => unknown>;
}

/**
 * Reads JSON as Python writes it, where JSON.parse would lose something: integers of any size, NaN and Infinity,
 * typed values. As strict as Python's `json.loads` otherwise.
 *
 * Errors: RB_DECODE with the position; never with the text.
 */
export function parseExact(text: string, { maxDepth, exactFloats, decoders }: ParseOptions): unknown {
  let at = 0;

  const fail = (what = `no valid JSON at character ${at}`): never => {
    throw new ResultError('RB_DECODE', `json: ${what}`);
  };

  const skipSpace = (): number => {
    let code = text.charCodeAt(at);
    while (code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB) {
      at += 1;
      code = text.charCodeAt(at);
    }
    return code;
  };

  /** Past one of two separators, and which one it was. */
  const skipEither = (one: number, other: number): number => {
    const code = skipSpace();
    if (code !== one && code !== other) fail();
    at += 1;
    return code;
  };

  const word = <T>(spelling: string, value: T): T => {
    if (!text.startsWith(spelling, at)) return fail();
    at += spelling.length;
    return value;
  };

  const number = (): unknown => {
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text);
    if (match === null) return word('-Infinity', Number.NEGATIVE_INFINITY);
    const [token, fraction, exponent] = match;
    const value = Number(token);
    if (fraction === undefined && exponent === undefined) {
      if (Number.isSafeInteger(value)) at += token.length;
      else return integer(token);
    } else {
      at += token.length;
      if (exactFloats && Number.isInteger(value)) return new Float(value);
    }
    return value;
  };

  const integer = (token: string): bigint => {
    if (token.length > MAX_DIGITS) fail(`an integer of more than ${MAX_DIGITS} digits at character ${at}`);
    at += token.length;
    return BigInt(token);
  };

  const string = (): string => {
    const start = at;
    let escaped = false;
    for (;;) {
      at += 1;
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        escaped = true;
        at += 1;
      } else if (!(code >= SPACE)) fail(); // A control character, or NaN: the end of the text.
    }
    at += 1;
    if (!escaped) return text.slice(start + 1, at - 1);
    try {
      return JSON.parse(text.slice(start, at));
    } catch {
      // Not as the cause: its message quotes the text.
      at = start;
      return fail();
    }
  };

  const array = (depth: number): unknown[] => {
    const items: unknown[] = [];
    at += 1;
    if (skipSpace() === CLOSE_ARRAY) {
      at += 1;
      return items;
    }
    do items.push(value(depth));
    while (skipEither(COMMA, CLOSE_ARRAY) === COMMA);
    return items;
  };

  const object = (depth: number): unknown => {
    const members: Record<string, unknown> = {};
    at += 1;
    if (skipSpace() === CLOSE_OBJECT) {
      at += 1;
      return members;
    }
    do {
      if (skipSpace() !== QUOTE) fail();
      const key = string();
      skipEither(COLON, COLON);
      setOwn(members, key, value(depth));
    } while (skipEither(COMMA, CLOSE_OBJECT) === COMMA);
    return typed(members);
  };

  const typed = (members: Readonly<Record<string, unknown>>): unknown => {
    const isEnvelope = decoders.size > 0 && Object.hasOwn(members, '__value__') && Object.keys(members).length === 2;
    const decode = isEnvelope ? decoders.get(members.__type__) : undefined;
    if (decode === undefined) return fromTyped(members);
    try {
      return decode(members.__value__);
    } catch {
      // Its message may quote the value. The name is one of the caller's own.
      return fail(`the codec ${JSON.stringify(members.__type__)} cannot read what ends at character ${at}`);
    }
  };

  /** @param depth how many containers are open. */
  const value = (depth: number): unknown => {
    switch (skipSpace()) {
      case QUOTE:
        return string();
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (depth === maxDepth) fail(`nested more than ${maxDepth} deep`);
        return text.charCodeAt(at) === OPEN_OBJECT ? object(depth + 1) : array(depth + 1);
      case 0x74:
        return word('true', true);
      case 0x66:
        return word('false', false);
      case 0x6e:
        return word('null', null);
      case 0x4e:
        return word('NaN', Number.NaN);
      case 0x49:
        return word('Infinity', Number.POSITIVE_INFINITY);
      default:
        return number();
    }
  };

  const result = value(0);
  skipSpace();
  return at === text.length ? result : fail();
}

/** Far beyond Python's own default limit of 4,300; converting takes more than linear time. */
export const MAX_DIGITS = 100_000;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
