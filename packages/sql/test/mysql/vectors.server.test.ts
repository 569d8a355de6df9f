import { ResultNode } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { CELERY_VERSIONS, columnOf, type Vector, vectors } from '@rb/vectors';
import { expect } from 'vitest';
import { mysqlSchema, mysqlStore } from '../../src/mysql/index.js';
import { doneAtOf, metaOf, RESULTS, serializers } from '../expected.js';
import { TASK_COLUMNS } from '../task-columns.js';
import { databaseAt } from './database.js';

const titleOf = ({ name, serializer, extended }: Vector): string => `${name} (${serializer}, ${extended})`;

/** Celery's tables are numbered by a sequence on MariaDB. */
const ID = { mysql: 'DEFAULT', mariadb: { task: 'NEXTVAL(task_id_sequence)', group: 'NEXTVAL(taskset_id_sequence)' } };

for (const service of ['mysql', 'mariadb'] as const) {
  const it = await serverTest(service);

  for (const celery of CELERY_VERSIONS) {
    it(`${service}: reads every row that Celery ${celery} stored`, async ({ server }) => {
      await using database = await databaseAt(server.url);
      await mysqlSchema({ url: database.url, layout: 'celery' }).deploy();
      const all = vectors('mysql', celery).filter(({ raw }) => raw.rows > 0);
      const insert = async (table: 'task' | 'group', vector: Vector, columns: readonly string[]): Promise<void> => {
        const id = service === 'mysql' ? ID.mysql : ID.mariadb[table];
        const name = { task: 'celery_taskmeta', group: 'celery_tasksetmeta' }[table];
        const sql = `REPLACE INTO ${name} (id, ${columns.join(', ')}) VALUES (${id}, ${columns.map(() => '?').join(', ')})`;
        await database.admin.query(
          sql,
          columns.map((column) => columnOf(vector, column)),
        );
      };
      for (const layout of ['celery', 'extended'] as const) {
        const open = (serializer: Vector['serializer']) =>
          mysqlStore({ url: database.url, layout, serializer: serializers[serializer] });
        const stores = {
          json: open('json'),
          pickle: open('pickle'),
          msgpack: open('msgpack'),
          yaml: open('yaml'),
        };
        let tasks = 0;
        for (const vector of all) {
          const store = stores[vector.serializer];
          if (vector.task_id !== undefined) {
            tasks += 1;
            await insert('task', vector, TASK_COLUMNS);
            const [read] = await store.get([vector.task_id]);
            expect([titleOf(vector), read]).toEqual([
              titleOf(vector),
              {
                taskId: vector.task_id,
                state: vector.celery_reads.status,
                result: RESULTS[vector.name]?.(vector),
                traceback: columnOf(vector, 'traceback'),
                doneAt: doneAtOf(vector),
                meta: metaOf(vector),
                expiresAt: null,
              },
            ]);
          } else if (vector.group_id !== undefined && layout === 'extended') {
            await insert('group', vector, ['taskset_id', 'result', 'date_done']);
            const [, members] = vector.celery_reads.as_tuple as [unknown, unknown[]];
            const group = await store.groups?.load(vector.group_id);
            expect(group?.members).toEqual(members.map((member) => ResultNode.fromTuple(member)));
          }
        }
        expect(tasks).toBeGreaterThan(100);
        await Promise.all(Object.values(stores).map((store) => store.close()));
      }
    }, 60_000);
  }
}
