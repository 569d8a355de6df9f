import {
  type Complex,
  type Decimal,
  type Float,
  kindOf,
  type Opaque,
  type PythonSet,
  type RemoteError,
  type ResultNode,
  Tuple,
  type Uuid,
  type ValueKind,
} from '@rb/core';
import { OP } from './opcodes.js';
import { writeDate, writeDateTime, writeTime, writeTimeDelta } from './temporal-writer.js';
import type { Writer } from './writer.js';

/** Writes a Date or one of core's value classes; false, and nothing written, for anything else. */
export function writePythonValue(writer: Writer, value: object): boolean {
  const kind = kindOf(value) ?? (value instanceof Date ? 'datetime' : undefined);
  if (kind === undefined) return false;
  // kindOf answers for the type.
  WRITERS[kind](writer, value as never);
  return true;
}

const WRITERS: { readonly [kind in ValueKind]: (writer: Writer, value: never) => void } = {
  datetime: writeDateTime,
  date: writeDate,
  time: writeTime,
  timedelta: writeTimeDelta,
  decimal: (writer, { value }: Decimal) => writer.call('decimal', 'Decimal', [value]),
  uuid: (writer, { hex }: Uuid) => writer.call('uuid', 'UUID', [hex]),
  tuple: (writer, { items }: Tuple) => writer.tuple(items),
  set: (writer, { items, frozen }: PythonSet) => writer.set(items, frozen),
  float: (writer, { value }: Float) => writer.float(value),
  complex: writeComplex,
  error: (writer, error: RemoteError) => writer.dict(errorEntries(error)),
  node: writeNode,
  opaque: writeOpaque,
};

function writeComplex(writer: Writer, { real, imag }: Complex): void {
  writer.global('builtins', 'complex');
  writer.float(real);
  writer.float(imag);
  writer.output.op(OP.TUPLE2);
  writer.output.op(OP.REDUCE);
}

/** An exception inside a value, as data: an object of its class could not be read where the class is not. */
function errorEntries({ type, args, module }: RemoteError): [string, unknown][] {
  return [
    ['exc_type', type],
    ['exc_message', new Tuple(args)],
    ['exc_module', module],
  ];
}

/** Without a backend: the objects belong to the app that reads them. */
function writeNode(writer: Writer, { id, parent, members }: ResultNode): void {
  if (members !== null) writer.call('celery.result', 'GroupResult', parent ? [id, members, parent] : [id, members]);
  else writer.call('celery.result', 'AsyncResult', parent ? [id, null, null, null, parent] : [id]);
}

function writeOpaque(writer: Writer, { module, name, args, state, form, kwargs, items, entries }: Opaque): void {
  if (!writer.limits.writeOpaque) {
    writer.fail('an Opaque makes Python import and call what it names; see the option writeOpaque');
  }
  if (form === 'call') writer.call(module, name, args);
  else writer.global(module, name);
  if (form === 'new') {
    writer.tuple(args);
    if (kwargs !== null) writer.part('kwargs', kwargs);
    writer.output.op(kwargs === null ? OP.NEWOBJ : OP.NEWOBJ_EX);
  }
  if (items.length > 0) writer.items(items);
  if (entries.length > 0) writer.entries(entries);
  if (state !== undefined) {
    writer.part('state', state);
    writer.output.op(OP.BUILD);
  }
}
