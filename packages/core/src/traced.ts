import type {
  GroupCapability,
  NotifyCapability,
  ResultStore,
  ScanCapability,
  ScanOptions,
  ScanPage,
} from './contract.js';

/** One call of a store, as tracers see it. Payloads are not part of it. */
export interface StoreCall {
  /** The store's name. */
  readonly store: string;
  readonly operation:
    | 'put'
    | 'get'
    | 'delete'
    | 'close'
    /** A subscription's `add`. */
    | 'watch'
    | 'sweep'
    /** One page of a scan. */
    | 'scan'
    | 'stats'
    | 'route'
    | `groups.${keyof GroupCapability}`;
  /** Task or group ids; empty where the call concerns the whole store. */
  readonly ids: readonly string[];
}

export interface TraceHooks {
  /** Runs the call, with whatever goes around it: a span, a timer, a log line. Must return what `run` returns. */
  call<T>(call: StoreCall, run: () => Promise<T>): Promise<T>;
}

type Trace = <T>(operation: StoreCall['operation'], ids: readonly string[], run: () => Promise<T>) => Promise<T>;

/** The same store with the same capabilities, every call of it going through the hooks. */
export function tracedStore(store: ResultStore, hooks: TraceHooks): ResultStore {
  const { name, groups, expiry, stats, notify, scan, routing } = store;
  const trace: Trace = (operation, ids, run) => hooks.call({ store: name, operation, ids }, run);
  const idsOf = (records: readonly { readonly taskId: string }[]): string[] => records.map(({ taskId }) => taskId);
  const sweep = expiry?.sweep;
  return {
    ...store,
    put: (records, options) => trace('put', idsOf(records), () => store.put(records, options)),
    get: (taskIds, options) => trace('get', taskIds, () => store.get(taskIds, options)),
    delete: (taskIds, options) => trace('delete', taskIds, () => store.delete(taskIds, options)),
    close: () => trace('close', [], () => store.close()),
    notify: notify && tracedNotify(notify, trace),
    expiry:
      expiry && sweep
        ? { ...expiry, sweep: (limit, options) => trace('sweep', [], () => sweep(limit, options)) }
        : expiry,
    groups: groups && {
      save: (group, options) => trace('groups.save', [group.groupId], () => groups.save(group, options)),
      load: (groupId, options) => trace('groups.load', [groupId], () => groups.load(groupId, options)),
      delete: (groupId, options) => trace('groups.delete', [groupId], () => groups.delete(groupId, options)),
      report: (groupId, record, options) =>
        trace('groups.report', [groupId], () => groups.report(groupId, record, options)),
    },
    scan: scan && { pages: (options) => tracedPages(scan, trace, options) },
    stats: stats && { read: (options) => trace('stats', [], () => stats.read(options)) },
    routing: routing && {
      route: (taskId, options) => trace('route', [taskId], () => routing.route(taskId, options)),
    },
  };
}

const tracedNotify = (notify: NotifyCapability, trace: Trace): NotifyCapability => ({
  subscribe(handler, options) {
    const inner = notify.subscribe(handler, options);
    return { ...inner, add: (taskIds, options) => trace('watch', taskIds, () => inner.add(taskIds, options)) };
  },
});

async function* tracedPages(scan: ScanCapability, trace: Trace, options?: ScanOptions): AsyncGenerator<ScanPage> {
  const pages = scan.pages(options)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await trace('scan', [], () => pages.next());
      if (done) return;
      yield value;
    }
  } finally {
    await pages.return?.();
  }
}
