/** Where to connect, as Celery's URL says it. */
export interface Target {
  /** For the driver. */
  readonly url: string;
  /** undefined where the URL names none. */
  readonly database: string | undefined;
  /** Hosts, without credentials: for messages. */
  readonly server: string;
}

/**
 * The driver's own URLs, and Celery's bare `mongodb://`.
 *
 * Errors: TypeError, which never shows the URL.
 * Source: celery/backends/mongodb.py `MongoBackend.__init__`.
 */
export function parseMongoUrl(url: string): Target {
  const parts = /^(mongodb(?:\+srv)?):\/\/(?:(.*)@)?([^/?@]*)(?:\/([^?]*))?(\?.*)?$/is.exec(url);
  if (parts === null)
    throw new TypeError('expected a URL such as mongodb://user:password@host:27017/database, its % written as %25');
  const [, scheme = '', user, hosts = '', path = '', query = ''] = parts;
  const server = hosts || 'localhost';
  const login = user === undefined ? '' : `${user}@`;
  return {
    url: `${scheme.toLowerCase()}://${login}${server}/${path}${query}`,
    database: path === '' ? undefined : decode(path),
    server,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('expected percent-encoding in the URL to be sound: write % as %25');
  }
}
