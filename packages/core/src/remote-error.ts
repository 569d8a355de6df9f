import { isKind, markKind } from './values.js';

/**
 * An exception of another process, as data. The class it names is never looked up, imported or instantiated.
 *
 * Source: Celery's `{"exc_type", "exc_message", "exc_module"}` (celery/backends/base.py `prepare_exception`).
 */
export class RemoteError {
  /** Qualified class name, such as `ValueError` or `Outer.InnerError`. */
  readonly type: string;
  /** Python module, such as `builtins`; null where none was stored. */
  readonly module: string | null;
  /** Constructor arguments. */
  readonly args: readonly unknown[];
  /** Readable text: the arguments as Python's `str()` would join them, or what the writer said. */
  readonly message: string;

  constructor(type: string, module: string | null, args: readonly unknown[], message: string = textOf(args)) {
    this.type = type;
    this.module = module;
    this.args = args;
    this.message = message;
    Object.freeze(this);
  }

  /** A local throwable as a RemoteError, for `fail()` and `retry()`. */
  static from(error: unknown): RemoteError {
    return remoteFrom(error);
  }

  toString(): string {
    return this.message === '' ? this.type : `${this.type}: ${this.message}`;
  }
}

// Outside the class: a bundler renames a class that refers to itself, and users see the name when they print one.
function remoteFrom(error: unknown): RemoteError {
  if (isKind(error, 'error')) return error;
  if (error instanceof Error) return new RemoteError(error.name, null, [error.message]);
  return new RemoteError('Error', null, [typeof error === 'string' ? error : String(error)]);
}

markKind(RemoteError.prototype, 'error');

const textOf = (args: readonly unknown[]): string =>
  args.length === 0 ? '' : args.length === 1 ? plain(args[0]) : `(${args.map(quoted).join(', ')})`;

const plain = (value: unknown): string => (typeof value === 'string' ? value : quoted(value));

function quoted(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null';
  } catch {
    // A cycle: the text is for people only, so what it is says enough.
    return Object.prototype.toString.call(value);
  }
}
