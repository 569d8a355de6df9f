import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { json, type PutOutcome, type ResultStore, type Serializer, type TaskRecord } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { serverTest } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { describe, expect } from 'vitest';
import { clientAt, recordOf, storeAt } from './stores.js';

const test = await serverTest('redis');

/** Of no form whose first bytes tell the state. */
const gzipped: Serializer = {
  name: 'json+gzip',
  contentType: 'application/json',
  contentEncoding: 'binary',
  encode: (value) => gzipSync(json.encode(value)),
  decode: (data) => json.decode(gunzipSync(data)),
};
/** As little to be told by its bytes as anything encrypted: each time others. */
const scrambled: Serializer = {
  name: 'scrambled',
  contentType: 'application/data',
  contentEncoding: 'binary',
  encode(value) {
    const key = createHash('sha256').update(`${performance.now()}${Math.random()}`).digest();
    const bytes = Buffer.from(json.encode(value));
    return Buffer.concat([key, bytes.map((byte, i) => byte ^ (key[i % key.length] as number))]);
  },
  decode(data) {
    const bytes = Buffer.from(data as Uint8Array);
    return json.decode(bytes.subarray(32).map((byte, i) => byte ^ (bytes[i % 32] as number)));
  },
};

const applied = { applied: true };
const refused = { applied: false, state: 'SUCCESS' };

/** Celery's document with its keys in another order, as another serializer or language may write it. */
const reordered = (state: string): string =>
  JSON.stringify({ result: '"status": "SUCCESS"', task_id: 'a', status: state });

describe.each([json, pickle, gzipped, scrambled])('a put with the serializer $name', (serializer) => {
  const open = (url: string, globalKeyPrefix: string): ResultStore => storeAt({ url, serializer, globalKeyPrefix });

  test('replaces every state but SUCCESS', async ({ server }) => {
    const store = open(server.url, namespace());
    const put = async (state: string): Promise<PutOutcome | undefined> => (await store.put([recordOf({ state })]))[0];
    for (const state of ['PENDING', 'STARTED', 'PROGRESS', 'RETRY', 'FAILURE', 'REVOKED', 'STARTED', 'SUCCESS'])
      expect([state, await put(state)]).toEqual([state, applied]);
    for (const state of ['SUCCESS', 'FAILURE', 'STARTED']) expect([state, await put(state)]).toEqual([state, refused]);
    expect(await store.get(['a'])).toMatchObject([{ state: 'SUCCESS' }]);
  });

  test('lets one of fifty writers of a SUCCESS win, whatever others write meanwhile', { timeout: 30_000 }, async ({
    server,
  }) => {
    const prefix = namespace();
    const writers = Array.from({ length: 5 }, () => open(server.url, prefix));
    const write = (i: number, state: string): Promise<readonly PutOutcome[]> =>
      (writers[i % 5] as ResultStore).put([recordOf({ state, result: state === 'SUCCESS' ? i : null })]);
    const others = Array.from({ length: 50 }, (_, i) => write(i, i % 2 === 0 ? 'STARTED' : 'RETRY'));
    const winners = (await Promise.all(Array.from({ length: 50 }, (_, i) => write(i, 'SUCCESS')))).flatMap(
      ([outcome], i) => (outcome && 'applied' in outcome && outcome.applied ? [i] : []),
    );
    await Promise.all(others);
    expect(winners).toHaveLength(1);
    expect(await writers[0]?.get(['a'])).toMatchObject([{ state: 'SUCCESS', result: winners[0] }]);
  });

  test('publishes each write that was applied, and none that was refused', async ({ server }) => {
    const prefix = namespace();
    const [store, reader] = [open(server.url, prefix), open(server.url, prefix)];
    const told: unknown[] = [];
    const record = (outcome: unknown): void => void told.push((outcome as TaskRecord).state);
    await reader.notify?.subscribe({ record, gap() {} }).add(['a', 'end']);
    for (const state of ['STARTED', 'SUCCESS', 'FAILURE']) await store.put([recordOf({ state })]);
    await store.put([recordOf({ taskId: 'end', state: 'REVOKED', result: null })]);
    await expect.poll(() => told).toEqual(['STARTED', 'SUCCESS', 'REVOKED']);
  });
});

describe('a put over what another program wrote', () => {
  test('judges JSON whose keys have another order, and is not deceived by what its result says', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const key = `${prefix}celery-task-meta-a`;
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    const admin = clientAt(server.url);
    await admin.set(key, reordered('SUCCESS'));
    expect(await store.put([recordOf({ state: 'FAILURE', result: null })])).toEqual([refused]);
    expect(await admin.get(key)).toBe(reordered('SUCCESS'));
    await admin.set(key, reordered('STARTED'));
    expect(await store.put([recordOf()])).toEqual([applied]);
  });

  test('replaces a value only while it is the one that was judged', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const key = `${prefix}celery-task-meta-a`;
    const admin = clientAt(server.url);
    let judged = 0;
    // Another writer comes between reading the value and replacing it: at first not final, then final.
    const serializer: Serializer = {
      ...json,
      decode(data) {
        judged += 1;
        void admin.set(key, reordered(judged === 1 ? 'RETRY' : 'SUCCESS'));
        return json.decode(data);
      },
    };
    // On one connection, so that what is sent in decode() comes before what the store sends after it.
    const store = storeAt({ client: admin, globalKeyPrefix: prefix, serializer });
    await admin.set(key, reordered('STARTED'));
    const [outcome] = await store.put([recordOf({ state: 'FAILURE', result: null })]);
    expect([judged, outcome]).toEqual([3, refused]);
    expect(await admin.get(key)).toBe(reordered('SUCCESS'));
  });

  test('replaces what nobody can read, which is no SUCCESS that could be lost', async ({ server }) => {
    const prefix = `${namespace()}:`;
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    await clientAt(server.url).set(`${prefix}celery-task-meta-a`, 'no record');
    expect(await store.put([recordOf()])).toEqual([applied]);
  });

  test('replaces a pickle, whose bytes are no text, where its own serializer is JSON', async ({ server }) => {
    const prefix = namespace();
    await storeAt({ url: server.url, globalKeyPrefix: prefix, serializer: pickle }).put([
      recordOf({ state: 'STARTED' }),
    ]);
    const store = storeAt({ url: server.url, globalKeyPrefix: prefix });
    expect(await store.put([recordOf()])).toEqual([applied]);
    expect(await store.get(['a'])).toMatchObject([{ state: 'SUCCESS' }]);
  });
});
