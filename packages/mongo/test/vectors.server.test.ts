import { jsonSerializer, type Serializer, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { fromTagged, toTagged } from '@rb/interop/tags';
import { pickleSerializer } from '@rb/serializers/pickle';
import { sharedServer } from '@rb/servers/fixture';
import { CELERY_VERSIONS, type Vector, vectors } from '@rb/vectors';
import { BSON } from 'mongodb';
import { describe, expect } from 'vitest';
import { databaseAt, storeAt } from './stores.js';

const server = await sharedServer('mongo');

/** So that a whole float is written as a float again. */
const SERIALIZERS = [jsonSerializer({ exactFloats: true }), pickleSerializer({ exactFloats: true })] as const;

const title = ({ name, extended }: Vector): string => `${name}${extended ? ', extended' : ''}`;
const isStored = ({ raw }: Vector): boolean => raw.bson_b64 !== undefined;
/** As it is, with the types that it has. */
const documentOf = ({ raw }: Vector): BSON.Document =>
  BSON.deserialize(Buffer.from(raw.bson_b64, 'base64'), { promoteValues: false });

/** Exceptions have more in Python than here, and objects of other classes only a `repr`: what Celery reads again is compared. */
const isComparable = (result: unknown): boolean => !/"\$(exception|repr)"/.test(JSON.stringify(result));

/** Objects of Python's classes are refused as values, and become text as arguments of an exception. */
const READ_ONLY: Readonly<Record<string, readonly string[]>> = {
  json: [],
  pickle: ['success_opaque_object', 'failure_nonjson_arg', 'failure_retry_exc'],
};

/** What Celery 5.2 wrote as text in microseconds is written back as a date in milliseconds, as by 5.3.4 and later. */
const sameDates = ({ date_done: done, ...meta }: Readonly<Record<string, unknown>>): unknown => ({
  ...meta,
  date_done: JSON.stringify(done ?? null).replace(/^.*?(\d{4}-\d\d-\d\dT[\d:]+(?:\.\d{1,3})?).*$/, '$1'),
});

for (const celery of CELERY_VERSIONS) {
  const test = (await celeryTest(celery)).extend<{ url: string }>({
    url: async ({ skip }, use) => use('missing' in server ? skip(server.missing) : server.url),
  });

  describe.each(SERIALIZERS)(`what Celery ${celery} stored as $name`, { timeout: 60_000 }, (serializer: Serializer) => {
    const stored = vectors('mongodb', celery).filter((each) => each.serializer === serializer.name && isStored(each));
    const tasks = stored.filter(({ task_id: id }) => id !== undefined);
    const app = `mongo-vectors-${celery}-${serializer.name}`;
    const conf = { result_serializer: serializer.name, accept_content: ['json', 'pickle'] };

    test('reads as Celery reads it, and is written so that Celery reads the same', async ({ oracle, url: at }) => {
      const { url, tasks: collection } = databaseAt(at);
      await oracle.call('configure', { app, backend: url, conf });
      const store = storeAt({ url, serializer });
      expect(tasks.length).toBeGreaterThan(45);
      for (const vector of tasks) {
        const taskId = vector.task_id ?? '';
        await collection.insertOne(documentOf(vector) as never);
        const before = await oracle.call('get_task_meta', { app, task_id: taskId });
        const [record] = (await store.get([taskId])) as [TaskRecord];
        const { status: state, traceback, result } = before;
        expect([title(vector), record]).toMatchObject([title(vector), { taskId, state, traceback }]);
        if (isComparable(result))
          expect([title(vector), toTagged(record.result)]).toEqual([title(vector), toTagged(fromTagged(result))]);
        await collection.deleteOne({ _id: taskId });
        if (READ_ONLY[serializer.name]?.includes(vector.name)) continue;
        await store.put([record]);
        const after = await oracle.call('get_task_meta', { app, task_id: taskId });
        expect([title(vector), sameDates(after)]).toEqual([title(vector), sameDates(before)]);
      }
    });

    test('is moved byte for byte', async ({ url: at }) => {
      const { url, tasks: collection } = databaseAt(at);
      const [from, to] = [storeAt({ url, serializer }), storeAt({ url, serializer })];
      for (const vector of tasks) {
        const taskId = vector.task_id ?? '';
        await collection.insertOne(documentOf(vector) as never);
        const [record] = (await from.get([taskId], { verbatim: true })) as [TaskRecord];
        await collection.deleteOne({ _id: taskId });
        expect([title(vector), await to.put([record])]).toEqual([title(vector), [{ applied: true }]]);
        const moved = (await collection.findOne({ _id: taskId }, { raw: true })) as unknown as Uint8Array;
        expect([title(vector), Buffer.from(moved).toString('base64')]).toEqual([title(vector), vector.raw.bson_b64]);
      }
    });

    test('loads as the group that Celery restores, and is saved so that Celery restores the same', async ({
      oracle,
      url: at,
    }) => {
      const { url, groups: collection } = databaseAt(at);
      await oracle.call('configure', { app, backend: url, conf });
      const store = storeAt({ url, serializer });
      const groups = stored.filter(({ group_id: id }) => id !== undefined);
      expect(groups.length).toBeGreaterThan(0);
      for (const vector of groups) {
        const groupId = vector.group_id ?? '';
        await collection.insertOne(documentOf(vector) as never);
        const group = await store.groups?.load(groupId);
        const before = await oracle.call('restore_group', { app, group_id: groupId });
        expect([title(vector), group?.members.map((member) => ({ $result: member.toTuple() }))]).toEqual([
          title(vector),
          before.value,
        ]);
        if (group) await store.groups?.save(group);
        expect([title(vector), await oracle.call('restore_group', { app, group_id: groupId })]).toEqual([
          title(vector),
          before,
        ]);
      }
    });
  });
}
