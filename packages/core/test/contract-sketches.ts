/**
 * Every store of the map, sketched against the contract before it was settled. Type-checked, never run: a change to the
 * contract that one of them cannot follow fails `pnpm typecheck`.
 *
 * What the sketches changed: reads give one outcome per id (a corrupt row must not fail its batch); a subscription takes
 * ids while it lives (one per backend, not one per wait) and reports gaps; puts carry reply routes (AMQP); scans yield
 * resumable pages (backfill); traits say which meta keys a layout keeps (Celery's bare SQL table); `report` gets the
 * record (Celery's chord parts hold the result).
 */
import type {
  GetOutcome,
  GroupRecord,
  GroupReport,
  PutOutcome,
  ResultStore,
  Route,
  ScanPage,
  StoreStats,
  TaskRecord,
  WatchHandler,
} from '../src/index.js';

/** Stands for what an adapter's own code computes; only its type matters here. */
declare function known<T>(...from: readonly unknown[]): T;
declare function eventually<T>(...from: readonly unknown[]): Promise<T>;
declare function listen(handler: WatchHandler): ReturnType<NonNullable<ResultStore['notify']>['subscribe']>;

const required = {
  contract: 1,
  put: (records, options) => eventually<readonly PutOutcome[]>(records, options?.signal),
  get: (taskIds, options) => eventually<readonly GetOutcome[]>(taskIds, options?.verbatim),
  delete: (taskIds) => eventually<number>(taskIds),
  close: () => eventually<void>(),
} as const satisfies Omit<ResultStore, 'name' | 'traits'>;

const groups = {
  save: (group: GroupRecord) => eventually<void>(group),
  load: (groupId: string) => eventually<GroupRecord | undefined>(groupId),
  delete: (groupId: string) => eventually<boolean>(groupId),
  report: (groupId: string, record: TaskRecord) => eventually<GroupReport>(groupId, record.result),
};

async function* pages(): AsyncGenerator<ScanPage> {
  yield known<ScanPage>();
}

/** One script per record in one pipeline; the server expires; pub/sub pushes; a reconnect is a gap. */
export const redisSketch: ResultStore = {
  ...required,
  name: 'redis',
  traits: { durable: true, readers: 'any', maxBytes: 512 * 1024 * 1024, keeps: 'all' },
  notify: { subscribe: listen },
  expiry: { resolutionMs: 1 },
  groups,
  scan: { pages },
  stats: { read: () => eventually<StoreStats>() },
};

/** LISTEN carries ids, the store reads the rows; expired rows need a sweep. */
export const postgresSketch: ResultStore = {
  ...redisSketch,
  name: 'postgres',
  traits: { durable: true, readers: 'any', maxBytes: 1024 ** 3, keeps: 'all' },
  expiry: { resolutionMs: 1, sweep: (limit) => eventually<number>(limit) },
};

/** Exactly Celery's table: no deadline column, no children; nothing is promised that cannot be kept. */
export const bareCeleryTableSketch: ResultStore = {
  ...required,
  name: 'mysql',
  traits: {
    durable: true,
    readers: 'any',
    maxBytes: 65_535,
    keeps: ['name', 'args', 'kwargs', 'worker', 'retries', 'queue'],
  },
  scan: { pages },
};

/** Change streams need a replica set, and capabilities are known before the first connection: an option decides. */
export const mongoSketch = (options: { readonly changeStreams: boolean }): ResultStore => ({
  ...postgresSketch,
  name: 'mongo',
  traits: { durable: true, readers: 'any', maxBytes: 16 * 1024 * 1024, keeps: 'all' },
  notify: options.changeStreams ? { subscribe: listen } : undefined,
});

/** Results are sent to their owner; reading is what has arrived here, and a put needs to know where to. */
export const rpcSketch: ResultStore = {
  ...required,
  name: 'rpc',
  traits: { durable: false, readers: 'owner', maxBytes: 128 * 1024 * 1024, keeps: 'all' },
  put: (records, options) =>
    eventually<readonly PutOutcome[]>(
      records.map(({ taskId }) => options?.routes?.get(taskId) satisfies Route | undefined),
    ),
  notify: { subscribe: listen },
  routing: { route: (taskId) => eventually<Route>(taskId) },
};

/** The weaker trait of both; a capability where both have it; an id that only one side had counts once in `delete`. */
export const dualSketch = (primary: ResultStore, secondary: ResultStore): ResultStore => ({
  ...primary,
  name: `dual(${primary.name}, ${secondary.name})`,
  traits: {
    durable: primary.traits.durable,
    readers: primary.traits.readers,
    maxBytes: Math.min(primary.traits.maxBytes, secondary.traits.maxBytes),
    keeps: primary.traits.keeps,
  },
  async get(taskIds, options) {
    const [first, second] = await Promise.all([primary.get(taskIds, options), secondary.get(taskIds, options)]);
    return first.map((outcome, i) => outcome ?? second[i]);
  },
  async delete(taskIds, options) {
    const there = (await this.get(taskIds, options)).filter((outcome) => outcome !== undefined).length;
    await Promise.all([primary.delete(taskIds, options), secondary.delete(taskIds, options)]);
    return there;
  },
  expiry:
    primary.expiry && secondary.expiry
      ? { resolutionMs: Math.max(primary.expiry.resolutionMs, secondary.expiry.resolutionMs) }
      : undefined,
  groups: primary.groups && secondary.groups,
  close: async () => {
    await Promise.allSettled([primary.close(), secondary.close()]);
  },
});

/** Accepts while the server is away: a put is as durable as the spool, and reads prefer what is not drained yet. */
export const spoolSketch = (store: ResultStore, spool: ResultStore): ResultStore => ({
  ...dualSketch(spool, store),
  name: `spool(${store.name})`,
  traits: { ...store.traits, durable: spool.traits.durable },
  put: (records, options) => spool.put(records, options),
  notify: store.notify,
});
