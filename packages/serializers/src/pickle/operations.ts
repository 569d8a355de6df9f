import { addItems, append, setItems, tuple } from './container-operations.js';
import type { Machine } from './machine.js';
import { DictNode, SetNode, TupleNode } from './nodes.js';
import { build, global, newObject, newObjectEx, reduce, stackGlobal } from './object-operations.js';
import { nameOf, OP, type OpcodeName } from './opcodes.js';
import {
  binaryText,
  classicText,
  decimalText,
  escapedText,
  floatText,
  integerText,
  memoIndex,
  pushFloat,
  pushInteger,
  quotedText,
} from './scalar-operations.js';

type Operation = (machine: Machine) => void;

const HIGHEST_PROTOCOL = 5;

/**
 * What every opcode does. Refused: persistent ids, extension codes and out-of-band buffers, which mean something only to
 * a reader that shares state with the writer, and protocol 0's INST and OBJ, which Python 2 wrote for old-style classes.
 */
const OPERATIONS: { readonly [name in Exclude<OpcodeName, 'STOP'>]: Operation | null } = {
  PROTO: (m) => {
    const protocol = m.input.u8();
    if (protocol > HIGHEST_PROTOCOL) m.fail(`protocol ${protocol} is unknown`);
  },
  // A hint for buffered readers; its length must still be there.
  FRAME: (m) => {
    const start = m.input.offset + 8;
    m.input.take(m.input.u64());
    m.input.offset = start;
  },

  NONE: (m) => m.push(null),
  NEWTRUE: (m) => m.push(true),
  NEWFALSE: (m) => m.push(false),
  BININT: (m) => m.push(m.input.i32()),
  BININT1: (m) => m.push(m.input.u8()),
  BININT2: (m) => m.push(m.input.u16()),
  LONG1: (m) => pushInteger(m, m.input.u8()),
  LONG4: (m) => pushInteger(m, m.input.i32()),
  INT: integerText,
  LONG: decimalText,
  FLOAT: floatText,
  BINFLOAT: (m) => pushFloat(m, m.input.f64()),

  UNICODE: escapedText,
  SHORT_BINUNICODE: (m) => binaryText(m, m.input.u8()),
  BINUNICODE: (m) => binaryText(m, m.input.u32()),
  BINUNICODE8: (m) => binaryText(m, m.input.u64()),
  STRING: quotedText,
  SHORT_BINSTRING: (m) => classicText(m, m.input.u8()),
  BINSTRING: (m) => classicText(m, m.input.i32()),
  // Copies: a view would keep the whole pickle in memory and show the caller's buffer.
  SHORT_BINBYTES: (m) => m.push(m.input.take(m.input.u8()).slice()),
  BINBYTES: (m) => m.push(m.input.take(m.input.u32()).slice()),
  BINBYTES8: (m) => m.push(m.input.take(m.input.u64()).slice()),
  BYTEARRAY8: (m) => m.push(m.input.take(m.input.u64()).slice()),

  EMPTY_LIST: (m) => m.push([]),
  LIST: (m) => m.push(m.popMarked()),
  APPEND: (m) => append(m, [m.pop()]),
  APPENDS: (m) => append(m, m.popMarked()),
  EMPTY_TUPLE: (m) => m.push(new TupleNode([])),
  TUPLE1: (m) => tuple(m, 1),
  TUPLE2: (m) => tuple(m, 2),
  TUPLE3: (m) => tuple(m, 3),
  TUPLE: (m) => m.push(new TupleNode(m.popMarked())),
  EMPTY_DICT: (m) => m.push(new DictNode()),
  DICT: (m) => {
    const entries = m.popMarked();
    m.push(new DictNode());
    setItems(m, entries);
  },
  SETITEM: (m) => {
    const value = m.pop();
    setItems(m, [m.pop(), value]);
  },
  SETITEMS: (m) => setItems(m, m.popMarked()),
  EMPTY_SET: (m) => m.push(new SetNode([], false)),
  ADDITEMS: addItems,
  FROZENSET: (m) => m.push(new SetNode(m.popMarked(), true)),

  MARK: (m) => m.mark(),
  POP: (m) => m.discard(),
  POP_MARK: (m) => void m.popMarked(),
  DUP: (m) => m.share(m.top()),
  GET: (m) => m.recall(memoIndex(m)),
  BINGET: (m) => m.recall(m.input.u8()),
  LONG_BINGET: (m) => m.recall(m.input.u32()),
  PUT: (m) => m.memoize(memoIndex(m)),
  BINPUT: (m) => m.memoize(m.input.u8()),
  LONG_BINPUT: (m) => m.memoize(m.input.u32()),
  MEMOIZE: (m) => m.memoize(m.memoSize),

  GLOBAL: global,
  STACK_GLOBAL: stackGlobal,
  REDUCE: reduce,
  NEWOBJ: newObject,
  NEWOBJ_EX: newObjectEx,
  BUILD: build,

  PERSID: null,
  BINPERSID: null,
  EXT1: null,
  EXT2: null,
  EXT4: null,
  INST: null,
  OBJ: null,
  NEXT_BUFFER: null,
  READONLY_BUFFER: null,
};

const TABLE: readonly (Operation | undefined)[] = Array.from({ length: 256 }, (_, opcode) => {
  const operation = OPERATIONS[nameOf(opcode) as keyof typeof OPERATIONS];
  return operation ?? ((m) => m.fail(`${nameOf(opcode)} is not read`));
});

/** Runs the pickle up to STOP, and returns the nodes that it leaves. What follows STOP is ignored, as Python does. */
export function run(machine: Machine): unknown {
  const { input } = machine;
  for (let opcode = input.u8(); opcode !== OP.STOP; opcode = input.u8()) TABLE[opcode]?.(machine);
  return machine.pop();
}
