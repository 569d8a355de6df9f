import { isResultError, ResultError, type ResultStore, type ScanCapability, type ScanPage } from '@rb/core';
import { scanning } from './altered.js';
import { idsByPage, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Connections of a small pool. */
const SLOTS = 10;

/** What a scan holds, and lets go. */
export const ENU_HOLDING_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'a-scan-left-early-keeps-its-connection',
    violates: 'ENU-3',
    on: 'memory',
    seen: 'pg-query-stream without close()',
    sabotage: (store) =>
      pooled(store, async function* (pages, release) {
        try {
          yield* steps(pages);
        } catch (error) {
          release();
          throw error;
        }
        release();
      }),
    async exposes(world) {
      const { scan } = await withTwo(world);
      const left: unknown[] = [];
      for (let i = 0; i <= SLOTS; i += 1) {
        const pages = scan?.pages({ pageSize: 1 })[Symbol.asyncIterator]();
        left.push(await pages?.next().catch((error: unknown) => isResultError(error) && error.code));
        await pages?.return?.();
      }
      return left.at(-1);
    },
  },
  {
    name: 'an-aborted-scan-keeps-its-connection',
    violates: 'ENU-4',
    on: 'memory',
    sabotage: (store) =>
      pooled(store, async function* (pages, release) {
        let failed = false;
        try {
          yield* steps(pages);
        } catch (error) {
          failed = true;
          throw error;
        } finally {
          if (!failed) release();
        }
      }),
    async exposes(world) {
      const { scan } = await withTwo(world);
      const codes: unknown[] = [];
      for (let i = 0; i <= SLOTS; i += 1) {
        const aborting = new AbortController();
        const pages = scan?.pages({ pageSize: 1, signal: aborting.signal })[Symbol.asyncIterator]();
        await pages?.next().catch((error: unknown) => codes.push(isResultError(error) && error.code));
        aborting.abort();
        await pages?.next().catch((error: unknown) => codes.push(isResultError(error) && error.code));
      }
      return codes;
    },
  },
  {
    name: 'a-scan-ignores-the-signal',
    violates: 'ENU-4',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      scan: store.scan && { pages: (options) => store.scan?.pages({ ...options, signal: undefined }) ?? empty() },
    }),
    async exposes(world) {
      const store = await withTwo(world);
      return idsByPage(store, { signal: AbortSignal.abort() }).catch((error: unknown) => isResultError(error));
    },
  },
  {
    name: 'busy-while-it-scans',
    violates: 'ENU-5',
    on: 'memory',
    seen: 'better-sqlite3: iterate() keeps the connection',
    sabotage(store) {
      const { scan } = store;
      let scans = 0;
      return {
        ...store,
        put: async (records, options) => {
          if (scans > 0) throw new ResultError('RB_UNAVAILABLE', 'the connection is busy executing a query');
          return store.put(records, options);
        },
        scan: scan && {
          async *pages(options) {
            scans += 1;
            try {
              yield* scan.pages(options);
            } finally {
              scans -= 1;
            }
          },
        },
      };
    },
    async exposes(world) {
      const store = await withTwo(world);
      const pages = store.scan?.pages({ pageSize: 1 })[Symbol.asyncIterator]();
      await pages?.next();
      const outcome = await store.put([sample()]).catch((error: unknown) => isResultError(error) && error.code);
      await pages?.return?.();
      return outcome;
    },
  },
  {
    name: 'fetches-all-before-the-first-page',
    violates: 'ENU-6',
    on: 'memory',
    seen: 'psycopg2 and libpq without a cursor',
    sabotage: (store) =>
      scanning(store, async function* (pages, options) {
        const all: ScanPage[] = [];
        for await (const page of pages(options)) all.push(page);
        yield* all;
      }),
    async exposes(world) {
      const store = await withTwo(world);
      const states: unknown[] = [];
      for await (const { records } of store.scan?.pages({ pageSize: 1 }) ?? []) {
        states.push(...records.map((record) => 'state' in record && record.state));
        if (states.length === 1) await store.delete(['a', 'b']);
      }
      return states;
    },
  },
];

/** Each scan takes one of the connections of its handle, and has to release it. Where none is left it is refused. */
function pooled(
  store: ResultStore,
  run: (pages: AsyncIterable<ScanPage>, release: () => void) => AsyncGenerator<ScanPage>,
): ResultStore {
  const { scan } = store;
  let free = SLOTS;
  const pages: ScanCapability['pages'] = async function* (options) {
    if (free === 0) throw new ResultError('RB_UNAVAILABLE', 'all connections of the pool are taken');
    free -= 1;
    yield* run(scan?.pages(options) ?? empty(), () => {
      free += 1;
    });
  };
  return { ...store, scan: scan && { pages } };
}

async function* steps(pages: AsyncIterable<ScanPage>): AsyncGenerator<ScanPage> {
  for await (const page of pages) yield page;
}

async function* empty(): AsyncGenerator<ScanPage> {}

async function withTwo(world: Parameters<Saboteur['exposes']>[0]): Promise<ResultStore> {
  const store = await storeOf(world);
  await store.put([sample({ taskId: 'a' }), sample({ taskId: 'b' })]);
  return store;
}
