import { type GroupRecord, ResultNode } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { describe, expect } from 'vitest';
import { clientAt, recordOf, storeAt } from './stores.js';

const test = await serverTest('redis');

const groupOf = (ids: readonly string[], fields: Partial<GroupRecord> = {}): GroupRecord => ({
  groupId: 'g',
  members: ids.map((id) => new ResultNode(id)),
  parent: null,
  expiresAt: null,
  ...fields,
});

describe('groups', () => {
  test('are stored as Celery stores them', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    const expiresAt = Date.now() + 60_000;
    await store.groups?.save(groupOf(['a', 'b'], { parent: new ResultNode('p'), expiresAt }));
    const client = clientAt(server.url);
    expect(await client.get(`${prefix}celery-taskset-meta-g`)).toBe(
      '{"result":[["g",[["p",null],null]],[[["a",null],null],[["b",null],null]]]}',
    );
    expect(await client.get(`${prefix}celery-taskset-meta-g.s`)).toBe('2');
    expect(await client.pexpiretime(`${prefix}celery-taskset-meta-g.s`)).toBe(expiresAt);
    expect(await store.groups?.load('g')).toEqual(groupOf(['a', 'b'], { parent: new ResultNode('p'), expiresAt }));
  });

  test('count a part that a Python worker added', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    await store.groups?.save(groupOf(['a', 'b']));
    await clientAt(server.url).zadd(`${prefix}celery-taskset-meta-g.j`, 0, '[1, "a", "SUCCESS", 5]');
    expect(await store.groups?.report('g', recordOf({ taskId: 'a', result: 6 }))).toEqual({ reported: 1, last: false });
    expect(await store.groups?.report('g', recordOf({ taskId: 'b' }))).toEqual({ reported: 2, last: true });
    expect(await clientAt(server.url).zrange(`${prefix}celery-taskset-meta-g.j`, '0', '-1')).toEqual([
      '[1, "a", "SUCCESS", 5]',
      '[1,"b","SUCCESS",1]',
    ]);
  });

  test('that are deleted are not brought back by a late report', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    await store.groups?.save(groupOf(['a', 'b']));
    await store.groups?.report('g', recordOf());
    expect(await store.groups?.delete('g')).toBe(true);
    expect(await store.groups?.report('g', recordOf({ taskId: 'b' }))).toEqual({ reported: 0, last: false });
    expect(await clientAt(server.url).keys(`${prefix}*`)).toEqual([]);
  });

  test('let their parts expire with them', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    await store.groups?.save(groupOf(['a', 'b'], { expiresAt: Date.now() + 60_000 }));
    await store.groups?.report('g', recordOf());
    expect(await clientAt(server.url).pttl(`${prefix}celery-taskset-meta-g.j`)).toBeGreaterThan(50_000);
  });
});
