import { Complex, Decimal, Float, PythonSet, Uuid } from '@rb/core';
import { isException, remoteError, unwrapError } from './exceptions.js';
import { DictNode, itemOf, TupleNode } from './nodes.js';
import type { Resolver } from './resolve.js';
import { asyncResult, groupResult, resultByName } from './results.js';
import type { Target } from './target.js';
import { date, datetime, time, timedelta } from './temporal.js';
import { encodeLatin1 } from './text.js';

/**
 * Makes the value; undefined where the arguments are not those of the known type.
 * A TypeError means that they are, but are out of its range.
 */
export type Known = (target: Target, resolver: Resolver) => unknown;

/** The allow-list, by module and name. Whatever is missing here is no more than a name. */
const KNOWN: ReadonlyMap<string, Known> = new Map<string, Known>([
  ['datetime.datetime', datetime],
  ['datetime.date', date],
  ['datetime.time', time],
  ['datetime.timedelta', timedelta],
  ['decimal.Decimal', decimal],
  ['uuid.UUID', uuid],
  ['builtins.complex', complex],
  ['builtins.set', (target, resolver) => set(target, resolver, false)],
  ['builtins.frozenset', (target, resolver) => set(target, resolver, true)],
  ['builtins.bytes', bytes],
  ['builtins.bytearray', bytes],
  ['_codecs.encode', bytes],
  ['collections.OrderedDict', dict],
  ['collections.defaultdict', dict],
  ['collections.Counter', dict],
  ['collections.deque', list],
  ['celery.app.base._unpickle_appattr', resultByName],
  ['celery.result.AsyncResult', asyncResult],
  ['celery.result.EagerResult', asyncResult],
  ['celery.result.GroupResult', groupResult],
  ['celery.utils.serialization.UnpickleableExceptionWrapper', unwrapError],
]);

export const known = (target: Target): Known | undefined =>
  KNOWN.get(target.callee.path) ?? (isException(target) ? remoteError : undefined);

function decimal({ args }: Target): Decimal | undefined {
  const [text] = args;
  return typeof text === 'string' ? new Decimal(text) : undefined;
}

/** Newer Pythons keep the number in the state, others give the text as argument. */
function uuid({ args, node }: Target): Uuid | undefined {
  const [text] = args;
  if (typeof text === 'string') return new Uuid(text);
  const value = itemOf(node.state, 'int');
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return new Uuid(value.toString(16).padStart(32, '0'));
}

function complex({ args }: Target, resolver: Resolver): Complex | undefined {
  const [real, imag] = resolver.values(args).map((part) => (part instanceof Float ? part.value : part));
  return typeof real === 'number' && typeof imag === 'number' ? new Complex(real, imag) : undefined;
}

function set({ args }: Target, resolver: Resolver, frozen: boolean): PythonSet | undefined {
  const items = args.length === 0 ? [] : resolver.value(args[0]);
  return Array.isArray(items) ? new PythonSet(items, frozen) : undefined;
}

/** Bytes as protocols 0 to 2 must write them, and bytearrays: of nothing, of bytes, or of text in Latin-1. */
function bytes({ args }: Target, resolver: Resolver): Uint8Array | undefined {
  const [content, codec] = args;
  if (content === undefined) return new Uint8Array();
  if (typeof content === 'string' && (codec === 'latin1' || codec === 'latin-1')) return encodeLatin1(content);
  const value = resolver.value(content);
  return value instanceof Uint8Array ? value : undefined;
}

/** The order, the default and the counting are Python's business; what is in them is a dict. */
function dict({ args, node }: Target, resolver: Resolver): unknown {
  const content = args.find((arg) => arg instanceof DictNode || Array.isArray(arg));
  const before = content instanceof DictNode ? content.entries : pairs(content);
  return before && resolver.dict([...before, ...node.entries]);
}

/** Python 2's OrderedDict: a list of pairs. */
function pairs(content: unknown): unknown[] | undefined {
  if (content === undefined) return [];
  if (!Array.isArray(content)) return undefined;
  const split = content.map((pair) => (pair instanceof TupleNode ? pair.items : pair));
  return split.every((pair) => Array.isArray(pair) && pair.length === 2) ? split.flat() : undefined;
}

function list({ args, node }: Target, resolver: Resolver): unknown[] | undefined {
  const content = args[0] instanceof TupleNode ? args[0].items : args[0];
  if (content !== undefined && !Array.isArray(content)) return undefined;
  return resolver.values([...(content ?? []), ...node.items]);
}
