/**
 * A URL as SQLAlchemy and Celery spell it, in the driver's words: `db+` and the name of Python's driver
 * (`postgresql+psycopg2`) are left out, and `sslmode` means what it means to libpq.
 *
 * Errors: TypeError that never shows the URL.
 */
export function driverUrl(url: string): string {
  const match = /^(?:db\+)?(?:postgresql|postgres)(?:\+\w+)?(:\/\/.*)$/is.exec(url);
  if (match === null) throw new TypeError('expected a URL such as postgresql://user:password@host:5432/database');
  const plain = `postgresql${match[1]}`;
  if (!/[?&]sslmode=/.test(plain) || /[?&]uselibpqcompat=/.test(plain)) return plain;
  // Without it the driver takes `require` for `verify-full`.
  return `${plain}&uselibpqcompat=true`;
}

/** Host and port alone, for messages. */
export function placeOf(url: string): string {
  const [, authority = ''] = /:\/\/([^/?]*)/.exec(url) ?? [];
  return authority.slice(authority.lastIndexOf('@') + 1) || 'localhost';
}
