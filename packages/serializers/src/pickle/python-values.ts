import {
  type Complex,
  type Decimal,
  type Float,
  kindOf,
  type Opaque,
  type PlainDate,
  type PlainTime,
  type PythonSet,
  type RemoteError,
  type ResultNode,
  type TimeDelta,
  Tuple,
  type Uuid,
} from '@rb/core';
import { OP } from './opcodes.js';
import { writeDate, writeDateTime, writeTime, writeTimeDelta } from './temporal-writer.js';
import type { Writer } from './writer.js';

/** Writes a Date or one of core's value classes; false, and nothing written, for anything else. */
export function writePythonValue(writer: Writer, value: object): boolean {
  const kind = kindOf(value);
  switch (kind) {
    case undefined:
      if (!(value instanceof Date)) return false;
      writeDateTime(writer, value);
      return true;
    case 'datetime':
      writeDateTime(writer, value as Date);
      return true;
    case 'date':
      writeDate(writer, value as PlainDate);
      return true;
    case 'time':
      writeTime(writer, value as PlainTime);
      return true;
    case 'timedelta':
      writeTimeDelta(writer, value as TimeDelta);
      return true;
    case 'decimal':
      writer.call('decimal', 'Decimal', [(value as Decimal).value]);
      return true;
    case 'uuid':
      writer.call('uuid', 'UUID', [(value as Uuid).hex]);
      return true;
    case 'tuple':
      writer.tuple((value as Tuple).items);
      return true;
    case 'set':
      writer.set((value as PythonSet).items, (value as PythonSet).frozen);
      return true;
    case 'complex':
      writeComplex(writer, value as Complex);
      return true;
    case 'float':
      writer.float((value as Float).value);
      return true;
    case 'error':
      writer.dict(errorEntries(value as RemoteError));
      return true;
    case 'node':
      writeNode(writer, value as ResultNode);
      return true;
    case 'opaque':
      writeOpaque(writer, value as Opaque);
      return true;
    default:
      return kind satisfies never;
  }
}

function writeComplex(writer: Writer, { real, imag }: Complex): void {
  writer.global('builtins', 'complex');
  writer.float(real);
  writer.float(imag);
  writer.output.op(OP.TUPLE2);
  writer.output.op(OP.REDUCE);
}

/** An exception inside a value, as data: an object of its class could not be read where the class is not. */
const errorEntries = ({ type, args, module }: RemoteError): [string, unknown][] => [
  ['exc_type', type],
  ['exc_message', new Tuple(args)],
  ['exc_module', module],
];

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
