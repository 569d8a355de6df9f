/** A server: as clients name it, or by its address. */
export type Upstream = string | URL | { readonly host: string; readonly port: number };

/** Of what may stand before `://`, also as a part of it: `db+postgresql://`, `mysql+pymysql://`. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  amqp: 5672,
  amqps: 5671,
  http: 80,
  https: 443,
  mariadb: 3306,
  mongodb: 27017,
  mysql: 3306,
  postgres: 5432,
  postgresql: 5432,
  pyamqp: 5672,
  redis: 6379,
  rediss: 6379,
};

/** Scheme and credentials; host; port; the rest. A password may hold `@`, as Celery's users write it. */
const URL_PARTS = /^([a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?)(\[[^\]]*\]|[^/?#:,]*)(?::(\d+))?(?=[/?#]|$)(.*)$/is;

export function upstreamOf(upstream: Upstream): { readonly host: string; readonly port: number } {
  if (typeof upstream === 'object' && 'host' in upstream && 'port' in upstream && typeof upstream.port === 'number') {
    return { host: upstream.host, port: upstream.port };
  }
  const { head, host, port } = partsOf(upstream);
  const schemes = head.slice(0, head.indexOf(':')).toLowerCase().split('+');
  const known = port ? Number(port) : schemes.map((scheme) => DEFAULT_PORTS[scheme]).find(Boolean);
  if (known === undefined) throw new TypeError(`expected a port in the URL, as ${schemes.join('+')}:// has no default`);
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: known };
}

/** Everything but host and port stays as it is, byte for byte. */
export function proxiedUrl(upstream: Upstream, host: string, port: number): string {
  if (!(typeof upstream === 'string' || upstream instanceof URL)) return `tcp://${host}:${port}`;
  const { head, rest } = partsOf(upstream);
  return `${head}${host}:${port}${rest}`;
}

function partsOf(upstream: unknown): { head: string; host: string; port: string | undefined; rest: string } {
  const [, head, host, port, rest] = URL_PARTS.exec(String(upstream)) ?? [];
  // Never the URL itself: it may hold a password.
  if (head === undefined || host === undefined || rest === undefined) {
    throw new TypeError('expected scheme://host:port with one host; of several hosts each needs a proxy of its own');
  }
  return { head, host, port, rest };
}
