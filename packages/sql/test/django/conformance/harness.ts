import { randomUUID } from 'node:crypto';
import type { Handle, Harness, OpenVariant } from '@rb/conformance';
import { virtualClock } from '@rb/conformance/reference';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type MysqlStoreOptions, mysqlStore } from '@rb/sql/mysql';
import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import type { LayoutName } from '../../../src/layout.js';
import { sqliteHarness } from '../../conformance/harness.ts';
import type { Row } from '../../conformance/vectors.ts';
import { postgresHarness } from '../../postgres/conformance/harness.ts';
import { djangoRaw } from './raw.ts';
import { djangoTables } from './tables.ts';

const TASK = 'django_celery_results_taskresult';

export const djangoOnSqlite = (layout: LayoutName): Harness =>
  sqliteHarness(`sqlite, layout ${layout}`, { layout }, (filename) => {
    const database = new Database(filename);
    // Before the store makes it so: the kit's own connections find the file in one mode.
    database.pragma('journal_mode = WAL');
    database.exec(`${djangoTables('sqlite')} ${djangoTables('sqlite', 'other_task', 'other_group')}`);
    const query = async (sql: string, values: readonly unknown[]): Promise<readonly Row[]> => {
      const statement = database.prepare(sql);
      if (statement.reader) return statement.all(...values) as Row[];
      statement.run(...values);
      return [];
    };
    return { access: djangoRaw(TASK, query, () => '?'), close: () => void database.close() };
  });

export const djangoOnPostgres = (layout: LayoutName, url: string): Harness =>
  postgresHarness(`postgres, layout ${layout}`, url, {
    options: { layout },
    users: false,
    async prepare(admin, schema) {
      const names = [
        'django_celery_results_taskresult',
        'django_celery_results_groupresult',
        'other_task',
        'other_group',
      ];
      const [task, group, otherTask, otherGroup] = names.map((name) => `${schema}.${name}`);
      await admin.query(`${djangoTables('postgres', task, group)} ${djangoTables('postgres', otherTask, otherGroup)}`);
    },
    raw: (admin, schema) =>
      djangoRaw(
        `${schema}.${TASK}`,
        async (sql, values) => (await admin.query<Row>(sql, [...values])).rows,
        (n) => `$${n}`,
      ),
  });

/** With the additions alone: without them, ids compare as the table's collation says. */
export const djangoOnMysql = (name: string, url: string): Harness => ({
  name: `${name}, layout django-extended`,
  async world() {
    const database = `rb_${randomUUID().replaceAll('-', '')}`;
    const admin = mysql.createPool({ uri: url, dateStrings: true, connectionLimit: 2, multipleStatements: true });
    await admin.query(`CREATE DATABASE ${database}`);
    const [here, other] = [`${database}.${TASK}`, `${database}.django_celery_results_groupresult`];
    await admin.query(
      `${djangoTables('mysql', here, other)} ${djangoTables('mysql', `${database}.other_task`, `${database}.other_group`)}`,
    );
    const clock = virtualClock();
    const options: MysqlStoreOptions = {
      ...{ layout: 'django-extended', now: clock.now, poolSize: 2, pollMs: 5 },
      ...{ connectTimeoutMs: 2_000, acquireTimeoutMs: 2_500, queryTimeoutMs: 2_000 },
    };
    const query = async (sql: string, values: readonly unknown[]): Promise<readonly Row[]> => {
      const [rows] = await admin.query(sql, [...values]);
      return rows as unknown as readonly Row[];
    };
    return {
      clock,
      raw: djangoRaw(here, query, () => '?'),
      open: (variant) => openMysql(url.replace(/\/[^/]*$/, `/${database}`), options, variant),
      async dispose() {
        await admin.query(`DROP DATABASE ${database}`);
        await admin.end();
      },
    };
  },
});

async function openMysql(
  url: string,
  options: MysqlStoreOptions,
  variant: OpenVariant = 'default',
): Promise<Handle | null> {
  const tables = { 'other-namespace': 'other', 'no-schema': 'absent' }[variant as string];
  if (variant !== 'default' && tables === undefined) return null;
  const link = await tcpProxy(url);
  const names = tables && { tables: { task: `${tables}_task`, group: `${tables}_group` } };
  return { store: mysqlStore({ url: link.url, ...options, ...names }), link, dispose: link.close };
}
