/** What tests can ask for. `-old`: an older major version that is still in wide use. */
export const SERVICES = [
  'redis',
  'redis-tls',
  'redis-sentinel',
  'redis-cluster',
  'valkey',
  'postgres',
  'postgres-old',
  'pgbouncer',
  'mysql',
  'mariadb',
  'mariadb-old',
  'mongo',
  'rabbitmq',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** A running server. Disposing it ends it and removes what it stored, unless it is not ours. */
export interface Server extends AsyncDisposable {
  readonly service: ServiceName;
  /**
   * As clients take it: `redis://127.0.0.1:20123/0`, `postgresql://postgres:postgres@127.0.0.1:20124/postgres`. Of Sentinels a
   * list joined by `;`, their master is `mymaster`; of a Cluster one node, the others are in `nodes`.
   */
  readonly url: string;
  /** What the server itself says: `Redis 7.0.15`. */
  readonly version: string;
  /** Where it came from, for the closing table: `RB_REDIS_URL`, `Docker, redis:8-alpine`, `/usr/bin/redis-server`. Never credentials. */
  readonly how: string;
  /** PEM files, where it speaks TLS. The key and certificate are the server's own; it asks clients for none. */
  readonly tls?: TlsFiles;
  /** One per process: a Cluster or a set of Sentinels has several. Absent where the server is not ours. */
  readonly nodes?: readonly ServerNode[];
}

export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** One process of a server. */
export interface ServerNode {
  /** `server`, `master`, `replica`, `sentinel`. */
  readonly role: string;
  readonly url: string;
  /** Asks it to end, and waits. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Hangs it: connections stay open, nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Starts it again on the same port with the same data, whatever state it is in; ready when this resolves. */
  restart(): Promise<void>;
}

export interface StartOptions {
  /** Settings, as the server's own configuration file names them. */
  readonly config?: Readonly<Record<string, string>>;
  /** Of the image, for Docker alone. */
  readonly version?: string;
}

/** Why a service is not to be had, and what to do. */
export interface Missing {
  readonly missing: string;
}

/** One way of having servers. */
export interface Provider {
  readonly name: 'env' | 'docker' | 'local';
  start(service: ServiceName, options: StartOptions): Promise<Server | Missing>;
}
