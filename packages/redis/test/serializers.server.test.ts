import { json, type Serializer, type TaskRecord } from '@rb/core';
import { celeryTest } from '@rb/interop/fixture';
import { toTagged } from '@rb/interop/tags';
import { compressed } from '@rb/serializers/compressed';
import { msgpack } from '@rb/serializers/msgpack';
import { pickle } from '@rb/serializers/pickle';
import { yaml } from '@rb/serializers/yaml';
import { sharedServer } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { describe, expect } from 'vitest';
import { clientAt, recordOf, storeAt } from './stores.js';

const server = await sharedServer('redis');
const celery = await celeryTest('5.7.0');
const it = celery.extend<{ url: string }>({
  url: async ({ skip }, use) => use('missing' in server ? skip(server.missing) : server.url),
});

const unique = namespace();
const id = (name: string): string => `${unique}-${name}`;

const result = { text: 'a result that repeats itself, '.repeat(100), list: [1, 2.5, null, true, 'zwö'] };

const CASES: readonly (readonly [name: string, serializer: Serializer, conf: object])[] = [
  ['msgpack', msgpack, { result_serializer: 'msgpack', accept_content: ['msgpack'] }],
  ['yaml', yaml, { result_serializer: 'yaml', accept_content: ['yaml'] }],
  ['pickle', pickle, { result_serializer: 'pickle', accept_content: ['pickle'] }],
  ['gzip', compressed(json), { result_compression: 'gzip' }],
  ['zstd', compressed(json, { method: 'zstd' }), { result_compression: 'zstd' }],
  [
    'xz of msgpack',
    compressed(msgpack, { method: 'xz' }),
    {
      ...{ result_compression: 'xz', result_serializer: 'msgpack', accept_content: ['msgpack'] },
    },
  ],
];

describe.for(CASES)('%s, with Celery 5.7', { timeout: 30_000 }, ([name, serializer, conf]) => {
  it('Celery reads what Node stored, and Node what Celery stored', async ({ oracle, url }) => {
    const app = id(name);
    await oracle.call('configure', { app, backend: url, conf: { result_expires: 600, ...conf } });
    const store = storeAt({ url, serializer });
    const [ours, theirs] = [id(`${name}-ours`), id(`${name}-theirs`)];
    await store.put([recordOf({ taskId: ours, result, expiresAt: Date.now() + 600_000 })]);
    expect((await oracle.call('get_task_meta', { app, task_id: ours })).result).toEqual(toTagged(result));
    await oracle.call('mark_as_done', { app, task_id: theirs, result: toTagged(result) });
    const [record] = (await store.get([theirs])) as [TaskRecord];
    expect(record).toMatchObject({ state: 'SUCCESS', result });
  });

  it('SUCCESS is final, whoever stored it', async ({ oracle, url }) => {
    const app = id(name);
    const store = storeAt({ url, serializer });
    const [ours, theirs] = [id(`${name}-final`), id(`${name}-final-theirs`)];
    await store.put([recordOf({ taskId: ours, result })]);
    await oracle.call('mark_as_done', { app, task_id: theirs, result: toTagged(result) });
    for (const taskId of [ours, theirs]) {
      const failed = recordOf({ taskId, state: 'FAILURE', result: null });
      expect(await store.put([failed])).toEqual([{ applied: false, state: 'SUCCESS' }]);
    }
    const started = recordOf({ taskId: id(`${name}-started`), state: 'STARTED', result, doneAt: null });
    await store.put([started]);
    expect(await store.put([{ ...started, state: 'SUCCESS' }])).toEqual([{ applied: true }]);
  });
});

describe('accepted content', () => {
  const KINDS = { json, msgpack, yaml, pickle, gzip: compressed(json) };

  it('is the serializer and JSON by default: others are refused, each by itself', async ({ url }) => {
    const ids = Object.keys(KINDS).map((name) => id(`accept-${name}`));
    for (const [i, serializer] of Object.values(KINDS).entries()) {
      await storeAt({ url, serializer }).put([recordOf({ taskId: ids[i] as string, result })]);
    }
    const readable = async (serializer: Serializer, accept?: readonly (Serializer | string)[]): Promise<string[]> => {
      const outcomes = await storeAt({ url, serializer, accept }).get(ids);
      const codes = new Set(outcomes.map((outcome) => outcome && 'refused' in outcome && outcome.refused.code));
      expect([...codes].filter(Boolean)).toEqual(codes.size > 1 ? ['RB_DECODE'] : []);
      return Object.keys(KINDS).filter((_, i) => outcomes[i] && 'state' in (outcomes[i] as object));
    };
    expect(await readable(json)).toEqual(['json']);
    expect(await readable(msgpack)).toEqual(['json', 'msgpack']);
    expect(await readable(msgpack, ['msgpack'])).toEqual(['msgpack']);
    expect(await readable(json, ['json', msgpack, yaml])).toEqual(['json', 'msgpack', 'yaml']);
    expect(await readable(pickle)).toEqual(['json', 'pickle']);
    expect(await readable(compressed(json), ['json', msgpack, yaml, pickle])).toEqual(Object.keys(KINDS));
  });

  it('holds for what is pushed, and for groups', async ({ url }) => {
    const [taskId, groupId] = [id('accept-pushed'), id('accept-group')];
    const reader = storeAt({ url, serializer: msgpack });
    let tell = (_: string): void => undefined;
    const told = new Promise<string>((resolve) => {
      tell = resolve;
    });
    const subscription = reader.notify?.subscribe({
      record: (outcome) => tell('refused' in outcome ? outcome.refused.code : outcome.state),
      gap: () => undefined,
    });
    await subscription?.add([taskId]);
    const writer = storeAt({ url, serializer: pickle });
    await writer.put([recordOf({ taskId })]);
    expect(await told).toBe('RB_DECODE');
    await writer.groups?.save({ groupId, members: [], parent: null, expiresAt: null });
    await expect(reader.groups?.load(groupId)).rejects.toMatchObject({ code: 'RB_DECODE' });
    await clientAt(url).del(`celery-taskset-meta-${groupId}`);
    await subscription?.close();
  });

  it('cannot leave out what is written', () => {
    expect(() => storeAt({ serializer: msgpack, accept: ['json'] })).toThrow(/accept to include msgpack/);
  });
});
