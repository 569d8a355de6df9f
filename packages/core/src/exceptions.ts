import { innermost } from './accept.js';
import { itemsOf } from './items.js';
import { RemoteError } from './remote-error.js';
import type { Serializer } from './serializer.js';
import { isExceptionState, type TaskState } from './states.js';
import { isKind } from './values.js';

/**
 * A record's result as Celery's meta document holds it: in exception states a RemoteError becomes
 * `{"exc_type", "exc_message", "exc_module"}`. Anything else stays as it is; undefined becomes null.
 *
 * @param serializer Given: an argument that it cannot carry becomes text, so that the failure itself can be stored.
 * Source: celery/backends/base.py `prepare_exception`; celery/utils/serialization.py `ensure_serializable`.
 */
export function prepareResult(state: TaskState, result: unknown, serializer?: Serializer): unknown {
  if (!isExceptionState(state) || !isKind(result, 'error')) return result ?? null;
  // What wraps the bytes has no say in this, and may be expensive.
  const args = serializer ? result.args.map((arg) => carried(arg, innermost(serializer))) : result.args;
  return { exc_type: result.type, exc_message: args, exc_module: result.module };
}

/**
 * The inverse, for what any Celery stored. Never throws, and never looks a class up: what is no exception by Celery's
 * rules stays data.
 *
 * Source: celery/backends/base.py `exception_to_python`.
 */
export function restoreResult(state: TaskState, stored: unknown): unknown {
  if (!isExceptionState(state) || isKind(stored, 'error')) return stored ?? null;
  if (isFalsy(stored)) return null;
  // A pickled exception whose name did not tell that it is one; in an exception state it is.
  if (isKind(stored, 'opaque') && stored.form === 'call') {
    return new RemoteError(stored.name, stored.module, stored.args);
  }
  const fields = fieldsOf(stored);
  const type = fields?.get('exc_type');
  const module = fields?.get('exc_module') ?? null;
  if (typeof type !== 'string' || !(module === null || typeof module === 'string')) return stored;
  return unwrapped(new RemoteError(type, module, argsOf(fields?.get('exc_message'))));
}

/** False in Python, where Celery then reads None. */
const isFalsy = (value: unknown): boolean =>
  !value || (Array.isArray(value) && value.length === 0) || (isPlainObject(value) && Object.keys(value).length === 0);

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** Celery makes a dict of whatever is none, so a list of pairs is one too. */
function fieldsOf(stored: unknown): ReadonlyMap<unknown, unknown> | undefined {
  if (isPlainObject(stored)) return new Map(Object.entries(stored));
  const pairs = itemsOf(stored)?.map(itemsOf);
  return pairs?.every((pair) => pair?.length === 2) ? new Map(pairs as [unknown, unknown][]) : undefined;
}

/** Missing reads as '', since Celery calls the class with that. */
const argsOf = (message: unknown = ''): readonly unknown[] => itemsOf(message) ?? [message];

/** What workers since 5.3 store instead of an exception that does not survive a pickle round trip, for JSON too. */
function unwrapped(error: RemoteError): RemoteError {
  if (error.type !== 'UnpickleableExceptionWrapper' || error.module !== 'celery.utils.serialization') return error;
  const [module, type, stored, text] = error.args;
  const args = itemsOf(stored);
  if (typeof module !== 'string' || typeof type !== 'string' || args === undefined) return error;
  return new RemoteError(type, module, args, typeof text === 'string' ? text : undefined);
}

function carried(arg: unknown, serializer: Serializer): unknown {
  try {
    // As deep as it will stand in the document.
    serializer.encode({ result: { exc_message: [arg] } });
    return arg;
  } catch {
    return reprOf(arg);
  }
}

/** For people: what JSON can show of the value, else its type. Celery stores Python's `repr` here. */
function reprOf(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_key, member: unknown) => {
      if (typeof member === 'bigint') return String(member);
      return member instanceof Set || member instanceof Map ? [...member] : member;
    });
    if (text !== undefined && text !== '{}') return text;
  } catch {
    // A cycle, or a toJSON that throws.
  }
  return typeof value === 'object' && value !== null ? `<${value.constructor?.name ?? 'object'}>` : `<${typeof value}>`;
}
