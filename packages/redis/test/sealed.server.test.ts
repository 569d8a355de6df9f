import { randomBytes } from 'node:crypto';
import { createResultBackend, json, type Serializer } from '@rb/core';
import { compressed } from '@rb/serializers/compressed';
import { encrypted } from '@rb/serializers/encrypted';
import { fernet } from '@rb/serializers/fernet';
import { sharedServer } from '@rb/servers/fixture';
import { namespace } from '@rb/servers/shared';
import { describe, expect, it } from 'vitest';
import { clientAt, recordOf, storeAt } from './stores.js';

const server = await sharedServer('redis');
const unique = namespace();
const key = randomBytes(32);

const SEALS: readonly (readonly [string, Serializer])[] = [
  ['encrypted', encrypted(compressed(json), { keys: { a: key }, activeKeyId: 'a' })],
  ['fernet', fernet(json, { keys: [key.toString('base64url')] })],
];

describe.for(SEALS)('%s results in Redis', ([name, serializer]) => {
  if ('missing' in server) {
    it('are kept', ({ skip }) => skip(server.missing));
    return;
  }
  const { url } = server;
  const id = (what: string): string => `${unique}-${name}-${what}`;

  it('are stored, pushed, final and in groups, and show nothing of what they hold', async () => {
    await using backend = createResultBackend(storeAt({ url, serializer }));
    const [a, b] = [id('a'), id('b')];
    const waiting = backend.wait(a, { timeoutMs: 10_000 });
    await backend.store(a, 'STARTED', { secret: 'rosebud' });
    expect(await backend.succeed(a, { secret: 'rosebud' })).toMatchObject({ applied: true });
    expect(await clientAt(url).get(`celery-task-meta-${a}`)).not.toContain('rosebud');
    expect((await waiting).result).toEqual({ secret: 'rosebud' });
    expect(await backend.fail(a, new Error('late'))).toMatchObject({ applied: false, state: 'SUCCESS' });
    await backend.succeed(b, 2);
    const group = backend.group(id('group'));
    await group.save([a, b]);
    expect(await group.join({ timeoutMs: 10_000 })).toEqual([{ secret: 'rosebud' }, 2]);
  });

  it('are refused under the id of another task, where they are bound to theirs', async () => {
    const store = storeAt({ url, serializer });
    const [own, other] = [id('own'), id('other')];
    await store.put([recordOf({ taskId: own, result: 'rosebud' })]);
    expect(await clientAt(url).copy(`celery-task-meta-${own}`, `celery-task-meta-${other}`)).toBe(1);
    const [outcome] = await store.get([other]);
    if (name === 'encrypted') expect(outcome).toMatchObject({ refused: { code: 'RB_DECODE' } });
    else expect(outcome).toMatchObject({ result: 'rosebud' });
  });
});
