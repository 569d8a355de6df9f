import { OP } from './opcodes.js';

/** With what a pickle of protocol 0 or 1 may begin: it has no header. */
const FIRST: ReadonlySet<number> = new Set([
  OP.MARK,
  OP.EMPTY_TUPLE,
  OP.EMPTY_LIST,
  OP.EMPTY_DICT,
  OP.NONE,
  OP.INT,
  OP.LONG,
  OP.BININT,
  OP.BININT1,
  OP.BININT2,
  OP.FLOAT,
  OP.BINFLOAT,
  OP.STRING,
  OP.BINSTRING,
  OP.SHORT_BINSTRING,
  OP.UNICODE,
  OP.BINUNICODE,
  OP.GLOBAL,
]);

/**
 * Tells a pickle from what Celery's other serializers write, by its first bytes and its last.
 * JSON, YAML and MessagePack documents are told apart for certain; any other text that happens to begin and end like a
 * pickle of protocol 0 ("No.") is not.
 */
export function isPickle(bytes: Uint8Array): boolean {
  const first = bytes[0];
  // MessagePack's 0x80 is an empty map, with nothing after it.
  if (first === undefined || bytes.length < 2) return false;
  return first === OP.PROTO || (FIRST.has(first) && bytes[bytes.length - 1] === OP.STOP);
}
