import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResultBackend, json, memoryStore, RemoteError, ResultError, type ResultStore } from '@rb/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BlobStore, claimCheck, fileBlobStore } from '../../src/claim-check/index.js';
import { compressed } from '../../src/compressed/index.js';
import { encrypted } from '../../src/encrypted/index.js';

const LARGE = { text: 'a large result '.repeat(1_000) };
const recordOf = (taskId: string, result: unknown, state = 'SUCCESS') =>
  ({ taskId, state, result, traceback: null, doneAt: null, meta: {}, expiresAt: null }) as const;

let directory: string;
let inner: ResultStore;
let store: ResultStore;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'rb-blobs-')), 'made', 'later');
  inner = memoryStore();
  store = claimCheck(inner, fileBlobStore({ directory }), { minBytes: 1_000 });
});
afterEach(() => rm(join(directory, '..', '..'), { recursive: true }));

const files = (): Promise<string[]> => readdir(directory).catch(() => []);
const resultOf = async (of: ResultStore, taskId: string): Promise<unknown> => {
  const [outcome] = await of.get([taskId]);
  return outcome && 'result' in outcome ? outcome.result : outcome;
};

describe('a large result', () => {
  it('is a file, with a pointer in the record that anything reads', async () => {
    await store.put([recordOf('large', LARGE), recordOf('small', [1])]);
    const [name] = await files();
    expect(name).toMatch(/^never-[\da-f-]{36}$/);
    expect(json.decode(await readFile(join(directory, name as string)))).toEqual(LARGE);
    expect(await resultOf(inner, 'large')).toEqual({
      '@rb/claim-check': name,
      bytes: 15_011,
      sha256: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await resultOf(inner, 'small')).toEqual([1]);
    expect(await resultOf(store, 'large')).toEqual(LARGE);
    expect(await resultOf(store, 'small')).toEqual([1]);
  });

  it('is for this user alone, and has the deadline of the record in its name', async () => {
    await store.put([{ ...recordOf('a', LARGE), expiresAt: Date.now() + 60_000.5 }]);
    const [name] = (await files()) as [string];
    expect(Number(name.split('-')[0])).toBeGreaterThan(Date.now() + 50_000);
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('goes with its record', async () => {
    await store.put([recordOf('a', LARGE), recordOf('b', LARGE)]);
    expect(await store.delete(['a', 'none'])).toBe(1);
    expect((await files()).length).toBe(1);
    expect(await resultOf(store, 'b')).toEqual(LARGE);
  });

  it('leaves nothing where it is not applied, or the store refuses', async () => {
    await store.put([recordOf('a', 1)]);
    expect(await store.put([recordOf('a', LARGE)])).toMatchObject([{ applied: false }]);
    expect(await files()).toEqual([]);
    const down = async () => {
      throw new ResultError('RB_UNAVAILABLE', 'down');
    };
    const failing = claimCheck({ ...inner, put: down }, fileBlobStore({ directory }), { minBytes: 0 });
    await expect(failing.put([recordOf('b', LARGE)])).rejects.toMatchObject({ code: 'RB_UNAVAILABLE' });
    expect(await files()).toEqual([]);
  });

  it('stays where the outcome of the write is unknown', async () => {
    const put: ResultStore['put'] = async (records) => {
      await inner.put(records);
      throw new ResultError('RB_OUTCOME_UNKNOWN', 'cut');
    };
    const failing = claimCheck({ ...inner, put }, fileBlobStore({ directory }), { minBytes: 0 });
    await expect(failing.put([recordOf('a', LARGE)])).rejects.toMatchObject({ code: 'RB_OUTCOME_UNKNOWN' });
    expect(await resultOf(store, 'a')).toEqual(LARGE);
  });

  it('is kept by any serializer, bound to its task', async () => {
    const serializer = encrypted(compressed(json), { keys: { a: Buffer.alloc(32, 9) }, activeKeyId: 'a' });
    const secret = claimCheck(inner, fileBlobStore({ directory }), { minBytes: 0, serializer });
    await secret.put([recordOf('a', LARGE)]);
    const [name] = (await files()) as [string];
    expect((await readFile(join(directory, name))).toString('latin1')).toMatch(/^\0rb-xaes-256-gcm\0a\0/);
    expect(await resultOf(secret, 'a')).toEqual(LARGE);
    await inner.put([recordOf('b', await resultOf(inner, 'a'))]);
    expect(await secret.get(['b'])).toMatchObject([{ refused: { code: 'RB_DECODE' } }]);
  });

  it('is pushed whole, in order, and after what came before', async () => {
    await using backend = createResultBackend(store, { safetyPollMs: 60_000 });
    const states: unknown[] = [];
    const watching = (async () => {
      for await (const record of backend.watch('a')) states.push(record.result);
    })();
    await backend.store('a', 'PROGRESS', LARGE);
    await expect.poll(() => states.length).toBeGreaterThan(0);
    await backend.succeed('a', [LARGE]);
    await watching;
    expect(states.at(-1)).toEqual([LARGE]);
    expect(states).toContainEqual(LARGE);
  });
});

describe('what is no blob', () => {
  it('are exceptions, which Celery reads in place', async () => {
    const error = new RemoteError('E', 'm', ['long '.repeat(1_000)]);
    await store.put([recordOf('a', error, 'FAILURE')]);
    expect(await files()).toEqual([]);
    expect(await resultOf(store, 'a')).toEqual(error);
  });

  it('is what the serializer cannot carry: the store may', async () => {
    expect(await store.put([recordOf('a', Symbol('x'))])).toMatchObject([{ refused: { code: 'RB_ENCODE' } }]);
  });

  it('is not a result that looks like a pointer: that one always is', async () => {
    const forged = { '@rb/claim-check': '../../etc/passwd', bytes: 1, sha256: '' };
    await store.put([recordOf('a', forged)]);
    expect((await files()).length).toBe(1);
    expect(await resultOf(store, 'a')).toEqual(forged);
  });
});

describe('a blob', () => {
  it.each([
    ['changed', (path: string) => writeFile(path, '"x"'), /which was changed/],
    ['gone', (path: string) => rm(path), /which is gone/],
  ])('that is %s refuses its record alone', async (_, spoil, message) => {
    await store.put([recordOf('a', LARGE), recordOf('b', 1)]);
    const [name] = (await files()) as [string];
    await spoil(join(directory, name));
    const [a, b] = await store.get(['a', 'b']);
    expect(a).toMatchObject({ taskId: 'a', refused: { code: 'RB_DECODE', message: expect.stringMatching(message) } });
    expect(b).toMatchObject({ result: 1 });
    expect(await store.delete(['a'])).toBe(1);
  });

  it.each(['../../../etc/passwd', '/etc/passwd', 'never-../x', `never-${'a'.repeat(36)}/..`])(
    'under the key %s of a hostile record leads nowhere',
    async (key) => {
      await inner.put([recordOf('a', { '@rb/claim-check': key, bytes: 1, sha256: '' })]);
      expect(await store.get(['a'])).toMatchObject([{ refused: { message: expect.stringMatching(/gone/) } }]);
      await fileBlobStore({ directory }).delete([key]);
    },
  );

  it('is swept an hour after its deadline, an unfinished one too, and nothing else', async () => {
    let now = 1_000_000;
    const blobs = fileBlobStore({ directory, now: () => now });
    expect(await blobs.sweep?.(10)).toBe(0);
    const keep = await blobs.put(Buffer.from('keep'), { expiresAt: null });
    const first = await blobs.put(Buffer.from('first'), { expiresAt: now });
    await blobs.put(Buffer.from('second'), { expiresAt: now + 1 });
    await writeFile(join(directory, `${first}.part`), '');
    await writeFile(join(directory, '0-other.txt'), '');
    now += 3_599_999;
    expect(await blobs.sweep?.(10)).toBe(0);
    now += 2;
    expect(await blobs.sweep?.(2)).toBe(2);
    expect(await blobs.sweep?.(10)).toBe(1);
    expect((await files()).sort()).toEqual(['0-other.txt', keep]);
  });

  it('is swept with the records, also where those expire by themselves', async () => {
    const blobs = fileBlobStore({ directory });
    await blobs.put(Buffer.from('x'), { expiresAt: 1 });
    const { expiry } = claimCheck({ ...inner, expiry: { resolutionMs: 1 } }, blobs);
    expect(await expiry?.sweep?.(10)).toBe(1);
    expect(await files()).toEqual([]);
  });
});

describe('another blob store', () => {
  const blobs = (over: Partial<BlobStore>): BlobStore => ({
    put: async () => 'key',
    get: async () => undefined,
    delete: async () => {},
    ...over,
  });

  it('may reject with errors of its own: they become RB_STORE, and nothing is stored', async () => {
    const down = blobs({ put: () => Promise.reject(new Error('AccessDenied')) });
    const put = claimCheck(inner, down, { minBytes: 0 }).put([recordOf('a', 1)]);
    await expect(put).rejects.toMatchObject({ code: 'RB_STORE', cause: { message: 'AccessDenied' } });
    expect(await inner.get(['a'])).toEqual([undefined]);
  });

  it('may take its time: an aborted call does not wait for it', async () => {
    const slow = claimCheck(inner, blobs({ put: () => new Promise(() => {}) }), { minBytes: 0 });
    const abort = new AbortController();
    const put = slow.put([recordOf('a', 1)], { signal: abort.signal });
    abort.abort();
    await expect(put).rejects.toMatchObject({ code: 'RB_ABORTED' });
  });

  it('that cannot be written to says so: RB_DENIED or RB_STORE, by the system’s code', async () => {
    const file = join(directory, '..', '..', 'file');
    await writeFile(file, '');
    const put = fileBlobStore({ directory: join(file, 'x') }).put(Buffer.from('x'), { expiresAt: null });
    await expect(put).rejects.toMatchObject({ code: 'RB_STORE', message: expect.stringMatching(/ENOTDIR/) });
  });
});

it('refuses options that do not fit', () => {
  expect(() => claimCheck(inner, fileBlobStore({ directory }), { minBytes: -1 })).toThrow(TypeError);
  expect(() => fileBlobStore({ directory: '' })).toThrow(TypeError);
});
