export interface Target {
  /** For the driver, without what says how to speak TLS. */
  readonly connectionString: string;
  /** What does, by libpq's names: `sslmode`, `sslrootcert` ... */
  readonly tls: ReadonlyMap<string, string>;
  /** Host and port alone, for messages. */
  readonly place: string;
}

/**
 * A URL as SQLAlchemy, Celery and libpq spell it: `db+` and the name of Python's driver (`postgresql+psycopg2`) are left out.
 *
 * Errors: TypeError that never shows the URL.
 */
export function targetOf(url: string): Target {
  const [, authority, path, query] =
    /^(?:db\+)?postgres(?:ql)?(?:\+\w+)?:\/\/([^/?]*)([^?]*)(?:\?(.*))?$/is.exec(url) ?? [];
  const place = authority?.slice(authority.lastIndexOf('@') + 1);
  if (authority === undefined || path === undefined || place === undefined || place.includes(','))
    throw new TypeError('expected a URL such as postgresql://user:password@host:5432/database');
  const parameters = [...new URLSearchParams(query)];
  // `uselibpqcompat` asks the driver for what holds here anyhow.
  const others = parameters.filter(([name]) => !name.startsWith('ssl') && name !== 'uselibpqcompat');
  return {
    connectionString: `postgresql://${authority}${path}${others.length > 0 ? `?${new URLSearchParams(others)}` : ''}`,
    tls: new Map(parameters.filter(([name]) => name.startsWith('ssl'))),
    place: place || 'localhost',
  };
}
