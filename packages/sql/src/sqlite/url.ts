import type { SqliteStoreOptions } from './store.js';

/** Settings of Python's sqlite3 in a SQLAlchemy URL that have no meaning here. */
const PYTHON_ONLY = new Set(['check_same_thread', 'isolation_level', 'cached_statements', 'detect_types']);

/**
 * Options for a database as SQLAlchemy and Celery spell it: `sqlite:///relative.db`, `sqlite:////absolute.db`,
 * `sqlite://` (memory); with `db+` in front, with a driver (`sqlite+pysqlite`), with `?timeout=<seconds>`. The path is the
 * file's name as it is: SQLAlchemy decodes no percent signs there either.
 *
 * Errors: TypeError where it is no such URL.
 */
export function optionsFromUrl(url: string): Pick<SqliteStoreOptions, 'filename' | 'busyTimeoutMs'> {
  const match = /^(?:db\+)?sqlite(?:\+\w+)?:\/\/(?:\/([^?]*))?(?:\?(.*))?$/is.exec(url);
  if (match === null) throw new TypeError('expected a URL such as sqlite:///relative.db or sqlite:////absolute.db');
  const [, path = '', query = ''] = match;
  const settings = new URLSearchParams(query);
  for (const key of settings.keys())
    if (key !== 'timeout' && !PYTHON_ONLY.has(key))
      throw new TypeError(`expected no parameter ${key} in an SQLite URL`);
  const seconds = settings.has('timeout') ? Number(settings.get('timeout')) : undefined;
  if (seconds !== undefined && !(seconds >= 0)) throw new TypeError('expected timeout in an SQLite URL in seconds');
  return {
    filename: path === '' ? ':memory:' : path,
    ...(seconds === undefined ? {} : { busyTimeoutMs: seconds * 1_000 }),
  };
}
