import { Redis } from 'ioredis';
import type { RowDataPacket } from 'mysql2';
import type { ServiceName } from './service.ts';

/** A server that a variable names should be there. */
const ANSWER_WITHIN_MS = 5_000;

/** What the server at the URL says it is. Errors: the driver's own, where nobody answers. */
export const versionAt = (service: ServiceName, url: string): Promise<string> => ASK[service](url);

const ASK: Readonly<Record<ServiceName, (url: string) => Promise<string>>> = {
  redis,
  'redis-tls': redis,
  'redis-cluster': redis,
  'redis-sentinel': (url) => redis((url.split(';')[0] ?? url).replace(/^sentinel:/, 'redis:')),
  valkey: redis,
  postgres,
  'postgres-old': postgres,
  pgbouncer: postgres,
  mysql,
  mariadb: mysql,
  'mariadb-old': mysql,
  async mongo(url) {
    const { MongoClient } = await import('mongodb');
    const client = new MongoClient(url, { serverSelectionTimeoutMS: ANSWER_WITHIN_MS });
    try {
      const { version, documentdb } = await client.db('admin').command({ buildInfo: 1 });
      // Our own gateway says what is behind it; the version is what drivers may take it for.
      return documentdb === undefined ? `MongoDB ${version}` : `DocumentDB ${documentdb.split(' ')[0]}`;
    } finally {
      await client.close();
    }
  },
  async rabbitmq(url) {
    const { connect } = await import('amqplib');
    const connection = await connect(url, { timeout: ANSWER_WITHIN_MS });
    const { product, version } = connection.connection.serverProperties;
    await connection.close();
    return `${product} ${version}`;
  },
};

async function redis(url: string): Promise<string> {
  const { pathname, searchParams } = new URL(url);
  const ca = searchParams.get('ssl_ca_certs');
  const { readFileSync } = await import('node:fs');
  const client = new Redis(url.replace(/\?.*$/, ''), {
    lazyConnect: true,
    connectTimeout: ANSWER_WITHIN_MS,
    retryStrategy: null,
    db: Number(pathname.slice(1) || 0),
    ...(ca ? { tls: { ca: readFileSync(ca) } } : {}),
  });
  client.on('error', () => {}); // connect() says so too
  try {
    await client.connect();
    const info = await client.info('server');
    const valkey = /^valkey_version:([\d.]+)/m.exec(info)?.[1];
    return valkey ? `Valkey ${valkey}` : `Redis ${/^redis_version:([\d.]+)/m.exec(info)?.[1]}`;
  } finally {
    client.disconnect();
  }
}

async function postgres(url: string): Promise<string> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_WITHIN_MS });
  await client.connect();
  try {
    // "15.12 (Debian 15.12-0+deb12u2)"
    const [number] = (await client.query('SHOW server_version')).rows[0].server_version.split(' ');
    return `PostgreSQL ${number}`;
  } finally {
    await client.end();
  }
}

async function mysql(url: string): Promise<string> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ uri: url, connectTimeout: ANSWER_WITHIN_MS });
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    // "10.11.14-MariaDB-0+deb12u2", "9.7.4-2"
    const version = String(rows[0]?.version);
    return `${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`;
  } finally {
    await connection.end();
  }
}
