import { ResultNode } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { CELERY_VERSIONS, columnOf, postgresDdl, type Vector, vectors } from '@rb/vectors';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { doneAtOf, metaOf, serializers } from '../expected.js';
import { TASK_COLUMNS } from '../task-columns.js';
import { databaseAt } from './database.js';
import { RESULTS } from './expected.js';

const it = await serverTest('postgres');

const titleOf = ({ name, serializer, extended }: Vector): string => `${name} (${serializer}, ${extended})`;

const TABLES = {
  task: { name: 'celery_taskmeta', key: 'task_id', columns: TASK_COLUMNS, sequence: 'task_id_sequence' },
  group: {
    name: 'celery_tasksetmeta',
    key: 'taskset_id',
    columns: ['taskset_id', 'result', 'date_done'],
    sequence: 'taskset_id_sequence',
  },
};

/** Exceptions whose arguments differ with Python, Celery and serializer. */
const VARYING: Readonly<Record<string, string>> = {
  failure_retry_exc: 'Retry',
  failure_unicodedecode: 'UnicodeDecodeError',
  failure_bytes_arg: 'CustomError',
};

for (const celery of CELERY_VERSIONS) {
  for (const layout of ['celery', 'extended'] as const) {
    it(`reads every row that Celery ${celery} stored in its own tables, layout ${layout}`, async ({ server }) => {
      await using database = await databaseAt(server.url);
      for (const sql of postgresDdl(celery)) await database.admin.query(sql);
      const insert = async (kind: keyof typeof TABLES, vector: Vector): Promise<void> => {
        const { name, key, columns, sequence } = TABLES[kind];
        const values = columns.map((column) => columnOf(vector, column));
        const places = columns.map((_, i) => `$${i + 1}`);
        await database.admin.query(`DELETE FROM ${name} WHERE ${key} = $1`, [values[0]]);
        await database.admin.query(
          `INSERT INTO ${name} (id, ${columns.join(', ')}) VALUES (nextval('${sequence}'), ${places.join(', ')})`,
          values,
        );
      };
      const open = (serializer: Vector['serializer']) =>
        postgresStore({
          ...{ url: database.url, layout, poolSize: 1 },
          serializer: serializers[serializer],
          accept: [serializers[serializer]],
        });
      const stores = { json: open('json'), pickle: open('pickle'), msgpack: open('msgpack'), yaml: open('yaml') };
      let tasks = 0;
      let groups = 0;
      for (const vector of vectors('postgresql', celery).filter(({ raw }) => raw.rows > 0)) {
        const store = stores[vector.serializer];
        if (vector.task_id !== undefined) {
          tasks += 1;
          await insert('task', vector);
          const [read] = await store.get([vector.task_id]);
          const expected = {
            taskId: vector.task_id,
            state: vector.celery_reads.status,
            result: RESULTS[vector.name]?.(vector),
            traceback: columnOf(vector, 'traceback'),
            doneAt: doneAtOf(vector),
            meta: metaOf(vector),
            expiresAt: null,
          };
          const type = VARYING[vector.name];
          if (type !== undefined) expect(read).toMatchObject({ ...expected, result: { type } });
          else expect([titleOf(vector), read]).toEqual([titleOf(vector), expected]);
        } else if (vector.group_id !== undefined && layout === 'extended') {
          groups += 1;
          await insert('group', vector);
          const [, members] = vector.celery_reads.as_tuple as [unknown, unknown[]];
          const group = await store.groups?.load(vector.group_id);
          expect(group?.members).toEqual(members.map((member) => ResultNode.fromTuple(member)));
        }
      }
      expect([tasks > 100, groups]).toEqual([true, layout === 'extended' ? 16 : 0]);
      await Promise.all(Object.values(stores).map((store) => store.close()));
    }, 60_000);
  }
}
