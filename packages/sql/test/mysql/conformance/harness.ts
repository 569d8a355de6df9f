import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant, RawAccess } from '@rb/conformance';
import { virtualClock } from '@rb/conformance/reference';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type MysqlStoreOptions, mysqlSchema, mysqlStore } from '@rb/sql/mysql';
import mysql from 'mysql2/promise';

/** Where the kit's second process finds the server. */
const URL_VARIABLE = 'RB_MYSQL_KIT_URL';

/** Short, so that outages of a second tell something. */
const TIMES = { connectTimeoutMs: 2_000, acquireTimeoutMs: 2_500, queryTimeoutMs: 2_000, pollMs: 5 };

/** A pool grows with calls at once up to its size, which is what WAI-15 would take for a connection per wait. */
const POOL_SIZE = 2;

const WRONG_PASSWORD = 'not-the-password';

type Row = Readonly<Record<string, unknown>>;

/** On a server that others use too: a world is a database. As plain Node imports it: hence the built package. */
export function mysqlHarness(name: string, url: string): Harness {
  return {
    name,
    module: import.meta.url,
    async about() {
      const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
      const admin = await mysql.createConnection(url);
      const [[row]] = (await admin.query('SELECT VERSION() AS version')) as unknown as [[{ readonly version: string }]];
      await admin.end();
      const title = /mariadb/i.test(row.version) ? 'MariaDB' : 'MySQL';
      return { storeVersion: version, server: `${title} ${/^[\d.]+/.exec(row.version)?.[0]}` };
    },
    async world(joined) {
      process.env[URL_VARIABLE] = url;
      const database = joined ?? `rb_${randomUUID().replaceAll('-', '')}`;
      const admin = mysql.createPool({ uri: url, dateStrings: true, connectionLimit: 2 });
      if (joined === undefined) await admin.query(`CREATE DATABASE ${database}`);
      const clock = virtualClock();
      const here = url.replace(/\/[^/]*$/, `/${database}`);
      return {
        token: database,
        clock,
        raw: rawAccess(admin, database, { url: here, now: clock.now }),
        open: (variant) => openHandle(here, { now: clock.now, ...TIMES, poolSize: POOL_SIZE }, variant),
        async dropSchema() {
          await admin.query(`DROP TABLE ${database}.rb_celery_tasksetmeta_members`);
          await admin.query(`DROP TABLE ${database}.celery_taskmeta, ${database}.celery_tasksetmeta`);
        },
        async dispose() {
          if (joined === undefined) await admin.query(`DROP DATABASE ${database}`);
          await admin.end();
        },
      };
    },
  };
}

/** For the command line, and for second processes. */
export const harness: Harness = mysqlHarness(
  'mysql',
  process.env[URL_VARIABLE] ?? 'mysql://root:root@127.0.0.1:3306/test',
);

async function openHandle(
  url: string,
  common: MysqlStoreOptions,
  variant: OpenVariant = 'default',
): Promise<Handle | null> {
  const link = await tcpProxy(url);
  const handle = (options: MysqlStoreOptions): Handle => ({
    store: mysqlStore({ url: link.url, ...common, ...options }),
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
      return handle({ url: 'mysql://root:root@127.0.0.1:1/test' });
    case 'bad-credentials':
      return { ...handle({ url: link.url.replace(/\/\/.*@/, `//nobody:${WRONG_PASSWORD}@`) }), secret: WRONG_PASSWORD };
    case 'borrowed-client':
      return borrowed(link.url, handle);
    case 'no-schema':
      return handle({ createTables: false, tables: { task: 'absent_task', group: 'absent_group' } });
    case 'clock-ahead':
      await link.close();
      return null;
    default:
      return variant satisfies never;
  }
}

function borrowed(uri: string, handle: (options: MysqlStoreOptions) => Handle): Handle {
  const pool = mysql.createPool({ uri, dateStrings: true });
  const { dispose, ...rest } = handle({ url: undefined, pool });
  return {
    ...rest,
    clientWorks: async () => ((await pool.query('SELECT 1 AS one'))[0] as Row[]).length === 1,
    async dispose() {
      await pool.end();
      await dispose?.();
    },
  };
}

/** Not stored by the record's writer, but given by the database. */
const BOOKKEEPING = new Set(['id', 'rb_revision', 'rb_sealed_at', 'rb_touched_at']);

function rawAccess(admin: mysql.Pool, database: string, options: MysqlStoreOptions): RawAccess {
  let deployed: Promise<unknown> | undefined;
  const deploy = (): Promise<unknown> => {
    deployed ??= mysqlSchema(options).deploy();
    return deployed;
  };
  const table = `${database}.celery_taskmeta`;
  return {
    async read(taskId) {
      await deploy();
      const [rows] = (await admin.query(`SELECT * FROM ${table} WHERE task_id = ?`, [taskId])) as unknown as [Row[]];
      return rows[0] && Object.fromEntries(Object.entries(rows[0]).filter(([column]) => !BOOKKEEPING.has(column)));
    },
    async write(taskId, stored) {
      await deploy();
      const row: Row = { ...(stored as Row), task_id: taskId };
      const id = await nextId(admin, database);
      await admin.query(`DELETE FROM ${table} WHERE task_id = ?`, [taskId]);
      await admin.query(`INSERT INTO ${table} SET id = ${id}, ?`, [row]);
    },
    garbage: { status: 'SUCCESS', result: Buffer.from([1, 2, 255]) },
    async litter() {
      await deploy();
      const id = await nextId(admin, database);
      // The column is nullable in Celery's table.
      await admin.query(`INSERT INTO ${table} (id, status) VALUES (${id}, 'SUCCESS')`);
      await admin.query(`CREATE TABLE ${database}.celery_taskmeta_2019 AS SELECT * FROM ${table}`);
    },
  };
}

/** MariaDB's tables have a sequence, MySQL's number themselves. */
async function nextId(admin: mysql.Pool, database: string): Promise<string> {
  const [rows] = (await admin.query(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'SEQUENCE'",
    [database],
  )) as unknown as [Row[]];
  return rows.length > 0 ? `NEXTVAL(${database}.task_id_sequence)` : 'DEFAULT';
}
