import { throwIfAborted } from './abort.js';
import type {
  CallOptions,
  GroupRecord,
  PutOutcome,
  Refused,
  ResultStore,
  ScanPage,
  Subscription,
  TaskRecord,
  WatchHandler,
} from './contract.js';
import { CONTRACT_VERSION } from './contract.js';
import { asResultError, ResultError } from './errors.js';
import { json } from './json.js';
import { decodeRecord, encodeRecord } from './record.js';
import { matchesFilter } from './scan-filter.js';
import type { Serializer } from './serializer.js';
import { isFinal } from './states.js';

export interface MemoryStoreOptions {
  /** Records are kept in their stored form, so that nothing is shared with the caller. @default json */
  readonly serializer?: Serializer | undefined;
  /** Unix milliseconds; a test's own clock. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Largest encoded record accepted, in bytes. @default Infinity */
  readonly maxBytes?: number | undefined;
}

type Stored = string | Uint8Array;

/** What a read needs to know without decoding. */
interface Entry extends Pick<TaskRecord, 'taskId' | 'state' | 'doneAt' | 'expiresAt'> {
  readonly meta: Pick<TaskRecord['meta'], 'name' | 'worker' | 'queue'>;
  readonly data: Stored;
}

/** The reference store: every capability, one process. For tests, and for applications that need no more. */
export function memoryStore(options: MemoryStoreOptions = {}): ResultStore {
  const { serializer = json, now = Date.now, maxBytes = Number.POSITIVE_INFINITY } = options;
  const layout = `memory/${serializer.name}`;
  const entries = new Map<string, Entry>();
  const groups = new Map<string, { readonly group: GroupRecord; readonly reported: Set<string> }>();
  const watchers = new Map<string, Set<WatchHandler>>();
  let closed = false;

  /** A closed store and an aborted signal reject before anything happens. */
  const begin = (doing: string, { signal }: CallOptions = {}): void => {
    if (closed) throw new ResultError('RB_CLOSED', `the memory store is closed; ${doing} was not done`);
    throwIfAborted(signal, doing);
  };
  const unexpired = <T extends { readonly expiresAt: number | null }>(kept: T | undefined): T | undefined =>
    kept && (kept.expiresAt === null || kept.expiresAt > now()) ? kept : undefined;
  const live = (taskId: string): Entry | undefined => unexpired(entries.get(taskId));
  const liveGroup = (groupId: string) => (unexpired(groups.get(groupId)?.group) ? groups.get(groupId) : undefined);

  const read = ({ taskId, expiresAt, data }: Entry, verbatim = false): TaskRecord | Refused => {
    try {
      const record = decodeRecord(taskId, data, serializer, expiresAt);
      return verbatim ? { ...record, verbatim: { layout, data } } : record;
    } catch (error) {
      return { taskId, refused: asResultError(error, `reading task ${taskId}`) };
    }
  };

  const put = (record: TaskRecord): PutOutcome => {
    const { taskId, state, doneAt, verbatim, expiresAt = null } = record;
    const current = live(taskId)?.state;
    if (current !== undefined && isFinal(current)) return { applied: false, state: current };
    try {
      const data = verbatim?.layout === layout ? (verbatim.data as Stored) : encodeRecord(record, serializer);
      if (byteLength(data) > maxBytes) {
        throw new ResultError('RB_TOO_LARGE', `task ${taskId} takes more than ${maxBytes} bytes`, { taskId });
      }
      const { name, worker, queue } = record.meta as Entry['meta'];
      const entry: Entry = { taskId, state, doneAt, expiresAt, data, meta: { name, worker, queue } as Entry['meta'] };
      entries.set(taskId, entry);
      tell(entry);
      return { applied: true };
    } catch (error) {
      return { refused: asResultError(error, `storing task ${taskId}`) };
    }
  };

  /** A microtask per handler: what one throws disturbs neither the writer nor the others. Each gets a record of its own. */
  const tell = (entry: Entry): void => {
    for (const handler of watchers.get(entry.taskId) ?? []) {
      queueMicrotask(
        () => watchers.get(entry.taskId)?.has(handler) && live(entry.taskId) && handler.record(read(entry)),
      );
    }
  };

  const subscribe = (handler: WatchHandler): Subscription => {
    // A handler of its own, so that two subscriptions with one function stay two.
    const own: WatchHandler = { record: (outcome) => handler.record(outcome), gap: () => handler.gap() };
    const taskIds = new Set<string>();
    const remove = (gone: Iterable<string>): void => {
      for (const taskId of gone) {
        taskIds.delete(taskId);
        const handlers = watchers.get(taskId);
        if (handlers?.delete(own) && handlers.size === 0) watchers.delete(taskId);
      }
    };
    return {
      async add(added, callOptions) {
        begin('subscribing', callOptions);
        for (const taskId of added) {
          taskIds.add(taskId);
          const handlers = watchers.get(taskId) ?? new Set();
          watchers.set(taskId, handlers.add(own));
        }
      },
      remove,
      async close() {
        remove([...taskIds]);
      },
    };
  };

  async function* pages(scan: Parameters<NonNullable<ResultStore['scan']>['pages']>[0] = {}): AsyncGenerator<ScanPage> {
    const { filter = {}, after, pageSize = 500, verbatim } = scan;
    begin('the scan', scan);
    // Sorted by id, so that a cursor means the same whatever was written in between.
    const taskIds = [...entries.keys()].filter((taskId) => after === undefined || taskId > after).sort();
    let page: (TaskRecord | Refused)[] = [];
    for (const taskId of taskIds) {
      begin('the scan', scan);
      const entry = live(taskId);
      if (entry && matchesFilter(entry, filter)) page.push(read(entry, verbatim));
      if (page.length < pageSize) continue;
      yield { records: page, cursor: taskId };
      page = [];
    }
    if (page.length > 0) yield { records: page, cursor: taskIds.at(-1) as string };
  }

  return {
    contract: CONTRACT_VERSION,
    name: 'memory',
    traits: { durable: false, readers: 'any', maxBytes, keeps: 'all' },
    async put(records, callOptions) {
      begin('the put', callOptions);
      return records.map(put);
    },
    async get(taskIds, callOptions) {
      begin('the get', callOptions);
      return taskIds.map((taskId) => {
        const entry = live(taskId);
        return entry && read(entry, callOptions?.verbatim);
      });
    },
    async delete(taskIds, callOptions) {
      begin('the delete', callOptions);
      return taskIds.filter((taskId) => live(taskId) && entries.delete(taskId)).length;
    },
    async close() {
      closed = true;
      entries.clear();
      groups.clear();
      watchers.clear();
    },
    notify: { subscribe },
    expiry: {
      resolutionMs: 1,
      async sweep(limit, callOptions) {
        begin('the sweep', callOptions);
        const records = [...entries.values()].filter((entry) => !unexpired(entry)).slice(0, limit);
        for (const { taskId } of records) entries.delete(taskId);
        const left = limit - records.length;
        const gone = [...groups.keys()].filter((groupId) => !liveGroup(groupId)).slice(0, left);
        for (const groupId of gone) groups.delete(groupId);
        return records.length + gone.length;
      },
    },
    groups: {
      async save(group, callOptions) {
        begin('saving the group', callOptions);
        groups.set(group.groupId, { group: { ...group, members: [...group.members] }, reported: new Set() });
      },
      async load(groupId, callOptions) {
        begin('loading the group', callOptions);
        return liveGroup(groupId)?.group;
      },
      async delete(groupId, callOptions) {
        begin('deleting the group', callOptions);
        return liveGroup(groupId) !== undefined && groups.delete(groupId);
      },
      async report(groupId, { taskId }, callOptions) {
        begin('the report', callOptions);
        const { group, reported } = liveGroup(groupId) ?? {};
        if (group === undefined || reported === undefined) return { reported: 0, last: false };
        const counts = group.members.some(({ id }) => id === taskId) && !reported.has(taskId);
        if (counts) reported.add(taskId);
        return {
          reported: reported.size,
          last: counts && reported.size === new Set(group.members.map(({ id }) => id)).size,
        };
      },
    },
    scan: { pages },
    stats: {
      async read(callOptions) {
        begin('the statistics', callOptions);
        const all = [...entries.values()].filter(unexpired);
        const byState: Record<string, number> = {};
        for (const { state } of all) byState[state] = (byState[state] ?? 0) + 1;
        const done = all.flatMap(({ doneAt }) => doneAt ?? []);
        const oldestDoneAt = done.length > 0 ? done.reduce((a, b) => Math.min(a, b)) : null;
        const bytes = all.reduce((sum, { data }) => sum + byteLength(data), 0);
        return { byState, total: all.length, bytes, oldestDoneAt, estimated: false };
      },
    },
  };
}

const byteLength = (data: Stored): number =>
  typeof data === 'string' ? new TextEncoder().encode(data).length : data.length;
