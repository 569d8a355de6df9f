import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant } from '@rb/conformance';
import { virtualClock } from '@rb/conformance/reference';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type MysqlStoreOptions, mysqlStore } from '@rb/sql/mysql';
import mysql from 'mysql2/promise';
import { rawAccess } from './raw.ts';

/** Where the kit's second process finds the server. */
const URL_VARIABLE = 'RB_MYSQL_KIT_URL';

/** Short, so that outages of a second tell something. */
const TIMES = { connectTimeoutMs: 2_000, acquireTimeoutMs: 2_500, queryTimeoutMs: 2_000, pollMs: 5 };

/** A pool grows with calls at once up to its size, which is what WAI-15 would take for a connection per wait. */
const POOL_SIZE = 2;

const PASSWORD = 'the-password';
const WRONG_PASSWORD = 'not-the-password';

/**
 * On a server that others use too: a world is a database with a user of its own. As plain Node imports it: hence the built package.
 *
 * @param restart Of a server of the harness's own.
 */
export function mysqlHarness(name: string, url: string, restart?: () => Promise<void>): Harness {
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
      const user = `'${userOf(database)}'@'%'`;
      if (joined === undefined) {
        await admin.query(`CREATE DATABASE ${database}`);
        await admin.query(`CREATE USER ${user} IDENTIFIED BY '${PASSWORD}'`);
        await admin.query(`GRANT ALL ON ${database}.* TO ${user}`);
      }
      const clock = virtualClock();
      const here = url.replace(/\/\/.*@(.*)\/[^/]*$/, `//${userOf(database)}:${PASSWORD}@$1/${database}`);
      return {
        ...(restart && { restart }),
        token: database,
        clock,
        raw: rawAccess(admin, database, { url: here, now: clock.now }),
        open: (variant) => openHandle(here, { now: clock.now, ...TIMES, poolSize: POOL_SIZE }, variant),
        async revoke() {
          await admin.query(`ALTER USER ${user} IDENTIFIED BY '${WRONG_PASSWORD}'`);
        },
        async dropSchema() {
          await admin.query(`DROP TABLE ${database}.rb_celery_tasksetmeta_members`);
          await admin.query(`DROP TABLE ${database}.celery_taskmeta, ${database}.celery_tasksetmeta`);
        },
        async dispose() {
          if (joined === undefined) {
            await admin.query(`DROP DATABASE ${database}`);
            await admin.query(`DROP USER ${user}`);
          }
          await admin.end();
        },
      };
    },
  };
}

/** MySQL's names have at most 32 characters. */
const userOf = (database: string): string => database.slice(0, 32);

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
    clientWorks: async () => ((await pool.query('SELECT 1 AS one'))[0] as unknown[]).length === 1,
    async dispose() {
      await pool.end();
      await dispose?.();
    },
  };
}
