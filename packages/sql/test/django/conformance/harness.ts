import type { Harness } from '@rb/conformance';
import Database from 'better-sqlite3';
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
