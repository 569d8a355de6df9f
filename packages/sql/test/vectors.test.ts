import { ResultNode } from '@rb/core';
import { CELERY_VERSIONS, columnOf, type Vector, vectors } from '@rb/vectors';
import { describe, expect, it } from 'vitest';
import { databaseWith } from './celery-tables.js';
import { doneAtOf, metaOf, RESULTS, serializers } from './expected.js';
import { openStore, present } from './support.js';
import { TASK_COLUMNS } from './task-columns.js';

const title = ({ name, serializer, extended }: Vector): string =>
  `${name} (${serializer}${extended ? ', extended' : ''})`;

describe.each(CELERY_VERSIONS)('what Celery %s stored', (celery) => {
  const all = vectors('sqlite', celery);
  const tasks = all
    .filter(({ task_id: id, raw }) => id !== undefined && raw.rows > 0)
    .map((vector) => [title(vector), vector] as const);
  const groups = all.filter(({ group_id: id }) => id !== undefined).map((vector) => [title(vector), vector] as const);

  it('is all covered here', () => {
    expect([tasks.length > 100, groups.length, tasks.length + groups.length]).toEqual([true, 16, all.length]);
  });

  it.each(tasks)('reads as the record: %s', async (_, vector) => {
    const filename = databaseWith(vector, celery, 'celery_taskmeta', TASK_COLUMNS);
    const [extended, plain] = [{}, { layout: 'celery' as const }].map((options) =>
      openStore({ filename, serializer: serializers[vector.serializer], ...options }),
    );
    const expected = {
      taskId: vector.task_id,
      state: vector.celery_reads.status,
      result: RESULTS[vector.name]?.(vector),
      traceback: columnOf(vector, 'traceback'),
      doneAt: doneAtOf(vector),
      meta: metaOf(vector),
      expiresAt: null,
    };
    expect(Object.keys(RESULTS)).toContain(vector.name);
    expect(await plain?.get([vector.task_id ?? ''])).toEqual([expected]);
    expect(await extended?.get([vector.task_id ?? ''])).toEqual([expected]);
  });

  it.each(groups)('loads as the group: %s', async (_, vector) => {
    const filename = databaseWith(vector, celery, 'celery_tasksetmeta', ['taskset_id', 'result', 'date_done']);
    const groupId = vector.group_id ?? '';
    const [, members] = vector.celery_reads.as_tuple as [unknown, unknown[]];
    expect(await present(openStore({ filename }).groups).load(groupId)).toEqual({
      groupId,
      members: members.map((member) => ResultNode.fromTuple(member)),
      parent: null,
      expiresAt: null,
    });
  });
});
