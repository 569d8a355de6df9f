import { jsonSerializer, type Serializer, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { fromTagged, toTagged } from '@rb/interop/tags';
import { pickleSerializer } from '@rb/serializers/pickle';
import { sharedServer } from '@rb/servers/fixture';
import { CELERY_VERSIONS, type Vector, vectors } from '@rb/vectors';
import { describe, expect } from 'vitest';
import { clientAt, storeAt } from './stores.js';

const server = await sharedServer('redis');

/** So that a whole float is written as a float again. */
const SERIALIZERS = [jsonSerializer({ exactFloats: true }), pickleSerializer({ exactFloats: true })] as const;

const title = ({ name, extended }: Vector): string => `${name}${extended ? ', extended' : ''}`;
const bytesOf = ({ raw }: Vector): Buffer => Buffer.from(raw.value_b64, 'base64');
const isStored = ({ raw }: Vector): boolean => raw.type === 'string';

/** Exceptions have more in Python than here, and objects of other classes only a `repr`: what Celery reads again is compared. */
const isComparable = (result: unknown): boolean => !/"\$(exception|repr)"/.test(JSON.stringify(result));

/** Objects of Python's classes are refused as values, and become text as arguments of an exception. */
const READ_ONLY: Readonly<Record<string, readonly string[]>> = {
  json: [],
  pickle: ['success_opaque_object', 'failure_nonjson_arg', 'failure_retry_exc'],
};

/** What Celery 5.2 wrote as naive UTC is written back aware, as by 5.5 and later. */
const sameDates = (meta: { readonly date_done?: unknown }): unknown => ({
  ...meta,
  date_done: String(meta.date_done).replace('+00:00', ''),
});

for (const celery of CELERY_VERSIONS) {
  const test = (await celeryTest(celery)).extend<{ url: string }>({
    url: async ({ skip }, use) => use('missing' in server ? skip(server.missing) : server.url),
  });

  describe.each(SERIALIZERS)(`what Celery ${celery} stored as $name`, { timeout: 60_000 }, (serializer: Serializer) => {
    const stored = vectors('redis', celery).filter((each) => each.serializer === serializer.name && isStored(each));
    const tasks = stored.filter(({ task_id: id }) => id !== undefined);
    const app = `vectors-${celery}-${serializer.name}`;
    const conf = { result_serializer: serializer.name, accept_content: ['json', 'pickle'], result_extended: true };

    test('reads as Celery reads it, and is written so that Celery reads the same', async ({ oracle, url }) => {
      await oracle.call('configure', { app, backend: url, conf });
      const [admin, store] = [clientAt(url), storeAt({ url, serializer })];
      expect(tasks.length).toBeGreaterThan(90);
      for (const vector of tasks) {
        const { task_id: taskId = '', raw } = vector;
        await admin.set(raw.key, bytesOf(vector), 'EX', 600);
        const before = await oracle.call('get_task_meta', { app, task_id: taskId });
        const [record] = (await store.get([taskId])) as [TaskRecord];
        const { status: state, traceback, result } = before;
        expect([title(vector), record]).toMatchObject([title(vector), { taskId, state, traceback }]);
        if (isComparable(result))
          expect([title(vector), toTagged(record.result)]).toEqual([title(vector), toTagged(fromTagged(result))]);
        await admin.unlink(raw.key);
        if (READ_ONLY[serializer.name]?.includes(vector.name)) continue;
        await store.put([record]);
        const after = await oracle.call('get_task_meta', { app, task_id: taskId });
        expect([title(vector), sameDates(after)]).toEqual([title(vector), sameDates(before)]);
        await admin.unlink(raw.key);
      }
    });

    test('is moved byte for byte, with its deadline', async ({ url }) => {
      const [admin, from, to] = [clientAt(url), storeAt({ url, serializer }), storeAt({ url, serializer })];
      for (const vector of tasks) {
        const { task_id: taskId = '', raw } = vector;
        await admin.set(raw.key, bytesOf(vector), 'EX', 600);
        const deadline = await admin.pexpiretime(raw.key);
        const [record] = (await from.get([taskId], { verbatim: true })) as [TaskRecord];
        await admin.unlink(raw.key);
        expect([title(vector), await to.put([record])]).toEqual([title(vector), [{ applied: true }]]);
        const moved = [await admin.getBuffer(raw.key), await admin.pexpiretime(raw.key)];
        expect([title(vector), moved]).toEqual([title(vector), [bytesOf(vector), deadline]]);
        await admin.unlink(raw.key);
      }
    });

    test('loads as the group that Celery restores, and is saved so that Celery restores the same', async ({
      oracle,
      url,
    }) => {
      await oracle.call('configure', { app, backend: url, conf });
      const [admin, store] = [clientAt(url), storeAt({ url, serializer })];
      const groups = stored.filter(({ group_id: id }) => id !== undefined);
      expect(groups.length).toBeGreaterThanOrEqual(4);
      for (const vector of groups) {
        const { group_id: groupId = '', raw } = vector;
        await admin.set(raw.key, bytesOf(vector), 'EX', 600);
        const group = await store.groups?.load(groupId);
        const { members = [], parent } = group ?? {};
        const tuple = [[groupId, parent?.toTuple() ?? null], members.map((member) => member.toTuple())];
        expect([title(vector), tuple]).toEqual([title(vector), vector.celery_reads.as_tuple]);
        const before = await oracle.call('restore_group', { app, group_id: groupId });
        await admin.unlink(raw.key);
        if (group) await store.groups?.save(group);
        expect([title(vector), await oracle.call('restore_group', { app, group_id: groupId })]).toEqual([
          title(vector),
          before,
        ]);
        await store.groups?.delete(groupId);
      }
    });
  });
}
