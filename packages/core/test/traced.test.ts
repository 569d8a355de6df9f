import { describe, expect, it } from 'vitest';
import {
  createResultBackend,
  memoryStore,
  ResultNode,
  type ResultStore,
  type StoreCall,
  tracedStore,
} from '../src/index.js';
import { collect, denied, errorOf, failing, recordOf } from './stores.js';

/** The store with every capability there is. */
const full = (): ResultStore => ({
  ...memoryStore(),
  routing: { route: async (taskId) => ({ replyTo: 'queue', correlationId: taskId }) },
});

function traced(inner: ResultStore): {
  readonly store: ResultStore;
  readonly calls: StoreCall[];
  readonly errors: unknown[];
} {
  const calls: StoreCall[] = [];
  const errors: unknown[] = [];
  const store = tracedStore(inner, {
    async call(call, run) {
      calls.push(call);
      try {
        return await run();
      } catch (error) {
        errors.push(error);
        throw error;
      }
    },
  });
  return { store, calls, errors };
}

describe('a traced store', () => {
  it('shows every call to the hooks, with ids and without payloads', async () => {
    const { store, calls } = traced(full());
    const { expiry, groups, notify, routing, scan, stats } = store;
    await store.put([recordOf('a', { result: 'payload' }), recordOf('b')]);
    await store.get(['a']);
    await notify?.subscribe({ record: () => {}, gap: () => {} }).add(['a', 'c']);
    await expiry?.sweep?.(1);
    await groups?.save({ groupId: 'g', members: [new ResultNode('a')], parent: null, expiresAt: null });
    await groups?.report('g', recordOf('a'));
    await groups?.load('g');
    await groups?.delete('g');
    expect(await collect(scan?.pages({ pageSize: 1 }) ?? ([][Symbol.iterator]() as never))).toHaveLength(2);
    await stats?.read();
    await routing?.route('a');
    await store.delete(['a', 'b']);
    await store.close();
    expect(calls.map(({ operation, ids }) => `${operation} ${ids}`)).toEqual([
      'put a,b',
      'get a',
      'watch a,c',
      'sweep ',
      'groups.save g',
      'groups.report g',
      'groups.load g',
      'groups.delete g',
      'scan ',
      'scan ',
      'scan ',
      'stats ',
      'route a',
      'delete a,b',
      'close ',
    ]);
    expect(new Set(calls.map(({ store: name }) => name))).toEqual(new Set(['memory']));
    expect(JSON.stringify(calls)).not.toContain('payload');
  });

  it('has exactly the capabilities of the store inside', () => {
    const capabilities = ({ notify, expiry, groups, scan, stats, routing }: ResultStore): boolean[] =>
      [notify, expiry, expiry?.sweep, groups, scan, stats, routing].map((capability) => capability !== undefined);
    const none: ResultStore = {
      ...memoryStore(),
      notify: undefined,
      expiry: { resolutionMs: 5 },
      groups: undefined,
      scan: undefined,
      stats: undefined,
    };
    for (const store of [full(), memoryStore(), none, { ...none, expiry: undefined }]) {
      expect(capabilities(traced(store).store)).toEqual(capabilities(store));
    }
    expect(traced(none).store.expiry?.resolutionMs).toBe(5);
  });

  it('works under a backend as the store inside does, pushes included', async () => {
    const { store, calls } = traced(full());
    await using backend = createResultBackend(store);
    const wait = backend.wait('a');
    await backend.succeed('a', 1);
    expect((await wait).result).toBe(1);
    await backend.group('g').save(['a']);
    expect(await backend.group('g').join()).toEqual([1]);
    expect(calls.length).toBeGreaterThan(4);
  });

  it('passes on errors and options unchanged', async () => {
    const error = denied();
    const { store, errors } = traced(failing(memoryStore(), 'get', [error]));
    await expect(store.get(['a'])).rejects.toBe(error);
    expect(errors).toEqual([error]);
    const { signal } = AbortSignal.abort() && { signal: AbortSignal.abort() };
    for (const call of [store.put([], { signal }), store.get([], { signal }), store.delete([], { signal })]) {
      expect(await errorOf(call)).toMatchObject({ code: 'RB_ABORTED' });
    }
  });

  it('lets go of a scan that is left early', async () => {
    let returned = false;
    const inner: ResultStore = {
      ...memoryStore(),
      scan: {
        async *pages() {
          try {
            for (let i = 0; ; i += 1) yield { records: [recordOf(`${i}`)], cursor: `${i}` };
          } finally {
            returned = true;
          }
        },
      },
    };
    for await (const page of traced(inner).store.scan?.pages() ?? []) {
      expect(page.cursor).toBe('0');
      break;
    }
    expect(returned).toBe(true);
  });
});
