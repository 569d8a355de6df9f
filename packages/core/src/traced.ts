import type { GroupCapability, ResultStore } from './contract.js';

/** One call of a store, as tracers see it. Payloads are not part of it. */
export interface StoreCall {
  /** The store's name. */
  readonly store: string;
  readonly operation: 'put' | 'get' | 'delete' | 'sweep' | 'stats' | `groups.${keyof GroupCapability}`;
  /** Task or group ids; empty where the call concerns the whole store. */
  readonly ids: readonly string[];
}

export interface TraceHooks {
  /** Runs the call, with whatever goes around it: a span, a timer, a log line. Must return what `run` returns. */
  call<T>(call: StoreCall, run: () => Promise<T>): Promise<T>;
}

/** The same store, with every call of it going through the hooks. */
export function tracedStore(store: ResultStore, hooks: TraceHooks): ResultStore {
  const { name, groups, expiry, stats } = store;
  const trace = <T>(operation: StoreCall['operation'], ids: readonly string[], run: () => Promise<T>): Promise<T> =>
    hooks.call({ store: name, operation, ids }, run);
  const idsOf = (records: readonly { readonly taskId: string }[]): string[] => records.map(({ taskId }) => taskId);
  const sweep = expiry?.sweep;
  return {
    ...store,
    put: (records, options) => trace('put', idsOf(records), () => store.put(records, options)),
    get: (taskIds, options) => trace('get', taskIds, () => store.get(taskIds, options)),
    delete: (taskIds, options) => trace('delete', taskIds, () => store.delete(taskIds, options)),
    expiry:
      expiry && sweep
        ? { ...expiry, sweep: (limit, options) => trace('sweep', [], () => sweep(limit, options)) }
        : expiry,
    stats: stats && { read: (options) => trace('stats', [], () => stats.read(options)) },
    groups: groups && {
      save: (group, options) => trace('groups.save', [group.groupId], () => groups.save(group, options)),
      load: (groupId, options) => trace('groups.load', [groupId], () => groups.load(groupId, options)),
      delete: (groupId, options) => trace('groups.delete', [groupId], () => groups.delete(groupId, options)),
      report: (groupId, record, options) =>
        trace('groups.report', [groupId], () => groups.report(groupId, record, options)),
    },
  };
}
