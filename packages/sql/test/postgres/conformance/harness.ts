import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant, RawAccess } from '@rb/conformance';
import { virtualClock } from '@rb/conformance/reference';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type PostgresStoreOptions, postgresSchema, postgresStore } from '@rb/sql/postgres';
import pg from 'pg';

/** Where the kit's second process finds the server. */
const URL_VARIABLE = 'RB_POSTGRES_KIT_URL';
/** How it finds the tables there; empty: not in partitions. */
const PARTITIONS_VARIABLE = 'RB_POSTGRES_KIT_PARTITIONS';

/** Short, so that outages of a second tell something. */
const TIMES = { acquireTimeoutMs: 1_500, queryTimeoutMs: 1_500, pollMs: 5 };

/** A pool grows with calls at once up to its size, which is what WAI-15 would take for a connection per wait. */
const POOL_SIZE = 2;

/** What the kit fills a store up to. */
const MAX_BYTES = 4 * 2 ** 20;

const WRONG_PASSWORD = 'not-the-password';

type Row = Readonly<Record<string, unknown>>;

/** On a server that others use too: a world is a schema. As plain Node imports it: hence the built package. */
export function postgresHarness(name: string, url: string, options: PostgresStoreOptions = {}): Harness {
  return {
    name,
    ...(options.layout === undefined && { module: import.meta.url }),
    async about() {
      const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
      const admin = new pg.Pool({ connectionString: url, max: 1 });
      const { rows } = await admin.query<{ readonly server_version: string }>('SHOW server_version');
      await admin.end();
      return { storeVersion: version, server: `PostgreSQL ${/^[\d.]+/.exec(rows[0]?.server_version ?? '')?.[0]}` };
    },
    async world(joined) {
      process.env[URL_VARIABLE] = url;
      process.env[PARTITIONS_VARIABLE] = options.partitions ? JSON.stringify(options.partitions) : '';
      const schema = joined ?? `rb_${randomUUID().replaceAll('-', '')}`;
      const admin = new pg.Pool({ connectionString: url, max: 2 });
      if (joined === undefined) await admin.query(`CREATE SCHEMA ${schema}`);
      const clock = virtualClock();
      const schemas = { task: schema, group: schema };
      const common = { ...TIMES, ...options, poolSize: POOL_SIZE, maxBytes: MAX_BYTES, now: clock.now, schemas };
      return {
        token: schema,
        clock,
        raw: rawAccess(admin, schema, { ...common, url }),
        open: (variant) => openHandle(url, common, variant),
        async dispose() {
          if (joined === undefined) await admin.query(`DROP SCHEMA ${schema} CASCADE`);
          await admin.end();
        },
      };
    },
  };
}

/** For the command line, and for second processes. */
export const harness: Harness = postgresHarness(
  'postgres',
  process.env[URL_VARIABLE] ?? 'postgresql://postgres:postgres@127.0.0.1:5432/postgres',
  process.env[PARTITIONS_VARIABLE] ? { partitions: JSON.parse(process.env[PARTITIONS_VARIABLE]) } : {},
);

async function openHandle(
  url: string,
  common: PostgresStoreOptions,
  variant: OpenVariant = 'default',
): Promise<Handle | null> {
  const link = await tcpProxy(url);
  const handle = (options: PostgresStoreOptions): Handle => ({
    store: postgresStore({ url: link.url, ...common, ...options }),
    link,
    dispose: link.close,
  });
  switch (variant) {
    case 'default':
      return handle({});
    case 'other-namespace':
      return handle({ tables: { task: 'other_task', group: 'other_group' } });
    case 'unreachable':
      // Nobody listens on the port of TCPMUX.
      return handle({ url: 'postgresql://postgres:postgres@127.0.0.1:1/postgres' });
    case 'bad-credentials':
      return {
        ...handle({ url: link.url.replace(/\/\/.*@/, `//postgres:${WRONG_PASSWORD}@`) }),
        secret: WRONG_PASSWORD,
      };
    case 'borrowed-client':
      return borrowed(link.url, handle, common.listen);
    case 'no-schema':
      return handle({ createTables: false, tables: { task: 'absent_task', group: 'absent_group' } });
    case 'clock-ahead':
      await link.close();
      return null;
    default:
      return variant satisfies never;
  }
}

function borrowed(
  connectionString: string,
  handle: (options: PostgresStoreOptions) => Handle,
  listen: PostgresStoreOptions['listen'] = false,
): Handle {
  const pool = new pg.Pool({ connectionString });
  pool.on('error', () => undefined);
  const { dispose, ...rest } = handle({ url: undefined, pool, ...(listen && { listen: connectionString }) });
  return {
    ...rest,
    clientWorks: async () => (await pool.query('SELECT 1')).rowCount === 1,
    async dispose() {
      await pool.end();
      await dispose?.();
    },
  };
}

/** Not stored by the record's writer, but given by the database. */
const BOOKKEEPING = new Set(['id', 'rb_revision']);

function rawAccess(admin: pg.Pool, schema: string, options: PostgresStoreOptions): RawAccess {
  let deployed: Promise<unknown> | undefined;
  const deploy = (): Promise<unknown> => {
    deployed ??= postgresSchema(options).deploy();
    return deployed;
  };
  const table = `${schema}.celery_taskmeta`;
  const id = `nextval('${schema}.task_id_sequence')`;
  return {
    async read(taskId) {
      await deploy();
      const { rows } = await admin.query<Row>(`SELECT *, date_done::text FROM ${table} WHERE task_id = $1`, [taskId]);
      return rows[0] && Object.fromEntries(Object.entries(rows[0]).filter(([column]) => !BOOKKEEPING.has(column)));
    },
    async write(taskId, stored) {
      await deploy();
      const row: Row = { ...(stored as Row), task_id: taskId };
      const columns = Object.keys(row);
      const places = columns.map((_, i) => `$${i + 1}`);
      await admin.query(`DELETE FROM ${table} WHERE task_id = $1`, [taskId]);
      await admin.query(
        `INSERT INTO ${table} (id, ${columns.join(', ')}) VALUES (${id}, ${places.join(', ')})`,
        Object.values(row),
      );
    },
    garbage: { status: 'SUCCESS', result: Buffer.from([1, 2, 255]) },
    async litter() {
      await deploy();
      // The column is nullable in Celery's table.
      await admin.query(`INSERT INTO ${table} (id, status) VALUES (${id}, 'SUCCESS')`);
      await admin.query(`CREATE TABLE ${schema}.celery_taskmeta_2019 AS SELECT * FROM ${table}`);
    },
  };
}
