import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { listener, recordOf, storeAt } from './stores.js';

it('follows a slot of a Cluster while it moves from one master to another, and after', async () => {
  await using server = await startOrThrow('redis-cluster');
  const store = storeAt({ url: server.url, cluster: true });
  const heard = listener();
  const taskIds = ['moves', 'stays'].map((name) => `${name}-{slot}`);
  const records = taskIds.map((taskId) => recordOf({ taskId, state: 'STARTED', result: null, doneAt: null }));
  await store.put(records);
  await store.notify?.subscribe(heard).add(taskIds);

  const admin = new Redis(server.url);
  const slot = await admin.cluster('KEYSLOT', 'x{slot}');
  const masters = String(await admin.cluster('NODES'))
    .split('\n')
    // Those with slots: to a node that has not heard of it yet a replica is a master.
    .filter((line) => / (myself,)?master .* \d+-\d+/.test(line))
    .map((line) => {
      const [id = '', address = '', , , , , , , range = ''] = line.split(' ');
      const [host = '', port] = (address.split('@')[0] ?? '').split(':');
      const [from, to] = range.split('-').map(Number);
      return {
        id,
        client: new Redis(Number(port), host),
        port: Number(port),
        has: Number(slot) >= Number(from) && Number(slot) <= Number(to),
      };
    });
  const source = masters.find(({ has }) => has);
  const target = masters.find(({ has }) => !has);
  if (!source || !target) throw new Error('expected a master with the slot and one without');
  await target.client.cluster('SETSLOT', slot, 'IMPORTING', source.id);
  await source.client.cluster('SETSLOT', slot, 'MIGRATING', target.id);
  await source.client.migrate('127.0.0.1', target.port, 'celery-task-meta-moves-{slot}', 0, 5_000);

  // Of one key the old master says ASK, of the other it has the value.
  expect(await store.get(taskIds)).toMatchObject(records);
  const again = taskIds.map((taskId) => recordOf({ taskId }));
  expect(await store.put(again)).toEqual(again.map(() => ({ applied: true })));
  expect(await store.put([recordOf({ taskId: 'new-{slot}' })])).toEqual([{ applied: true }]);
  // News of before may still have been on its way from node to node.
  await expect.poll(() => heard.told).toEqual(expect.arrayContaining(taskIds.map((taskId) => `${taskId} SUCCESS`)));

  await source.client.migrate('127.0.0.1', target.port, 'celery-task-meta-stays-{slot}', 0, 5_000);
  for (const { client } of [target, source]) await client.cluster('SETSLOT', slot, 'NODE', target.id);
  expect(await store.get([...taskIds, 'new-{slot}'])).toMatchObject([...again, { state: 'SUCCESS' }]);
  expect(await store.put(again)).toEqual(again.map(() => ({ applied: false, state: 'SUCCESS' })));
  expect(await store.delete([...taskIds, 'new-{slot}'])).toBe(3);
  for (const { client } of [...masters, { client: admin }]) client.disconnect();
}, 30_000);
