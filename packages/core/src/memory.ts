import { throwIfAborted } from './abort.js';
import { type Accept, accepting } from './accept.js';
import type {
  CallOptions,
  GroupRecord,
  PutOutcome,
  Refused,
  ResultStore,
  ScanOptions,
  ScanPage,
  TaskRecord,
} from './contract.js';
import { CONTRACT_VERSION } from './contract.js';
import { asResultError, ResultError } from './errors.js';
import { json } from './json.js';
import { createWatchers } from './memory-watch.js';
import { decodeRecord, encodeRecord } from './record.js';
import { type Filterable, matchesFilter } from './scan-filter.js';
import type { Serializer } from './serializer.js';
import { isFinal } from './states.js';

export interface MemoryStoreOptions {
  /** Records are kept in their stored form, so that nothing is shared with the caller. @default json */
  readonly serializer?: Serializer | undefined;
  /** What may be decoded. @default the serializer and json */
  readonly accept?: Accept | undefined;
  /** Unix milliseconds; a test's own clock. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Largest encoded record accepted, in bytes. @default Infinity */
  readonly maxBytes?: number | undefined;
}

type Stored = string | Uint8Array;

/** What a read needs to know without decoding. */
interface Entry extends Filterable {
  readonly taskId: string;
  readonly expiresAt: number | null;
  readonly data: Stored;
}

interface GroupEntry {
  readonly group: GroupRecord;
  readonly size: number;
  /** Members that have not reported. */
  readonly missing: Set<string>;
}

/** The reference store: every capability, one process. For tests, and for applications that need no more. */
export function memoryStore(options: MemoryStoreOptions = {}): ResultStore {
  const { now = Date.now, maxBytes = Number.POSITIVE_INFINITY } = options;
  const serializer = accepting(options.serializer ?? json, options.accept);
  const layout = `memory/${serializer.name}`;
  const entries = new Map<string, Entry>();
  const groups = new Map<string, GroupEntry>();
  let closed = false;

  /** A closed store and an aborted signal reject before anything happens. */
  const begin = (doing: string, { signal }: CallOptions = {}): void => {
    if (closed) throw new ResultError('RB_CLOSED', `the memory store is closed; ${doing} was not done`);
    throwIfAborted(signal, doing);
  };
  const watchers = createWatchers(begin);
  const unexpired = <T extends { readonly expiresAt: number | null }>(kept: T | undefined): T | undefined =>
    kept && (kept.expiresAt === null || kept.expiresAt > now()) ? kept : undefined;
  const live = (taskId: string): Entry | undefined => unexpired(entries.get(taskId));
  const liveGroup = (groupId: string): GroupEntry | undefined =>
    unexpired(groups.get(groupId)?.group) && groups.get(groupId);

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
      if (isLonger(data, maxBytes)) {
        throw new ResultError('RB_TOO_LARGE', `task ${taskId} takes more than ${maxBytes} bytes`, { taskId });
      }
      const { name, worker, queue } = record.meta;
      const entry: Entry = { taskId, state, doneAt, expiresAt, data, meta: { name, worker, queue } };
      entries.set(taskId, entry);
      watchers.tell(taskId, () => unexpired(entry) && read(entry));
      return { applied: true };
    } catch (error) {
      return { refused: asResultError(error, `storing task ${taskId}`) };
    }
  };

  async function* pages(scan: ScanOptions = {}): AsyncGenerator<ScanPage> {
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
    notify: { subscribe: watchers.subscribe },
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
        const missing = new Set(group.members.map(({ id }) => id));
        const kept = { ...group, members: Object.freeze([...group.members]) };
        groups.set(group.groupId, { group: kept, size: missing.size, missing });
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
        const entry = liveGroup(groupId);
        if (entry === undefined) return { reported: 0, last: false };
        const { size, missing } = entry;
        const last = missing.delete(taskId) && missing.size === 0;
        return { reported: size - missing.size, last };
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

const encoder = new TextEncoder();

const byteLength = (data: Stored): number => (typeof data === 'string' ? encoder.encode(data).length : data.length);

/** UTF-8 takes at most three bytes per unit, so that most records are never counted. */
const isLonger = (data: Stored, maxBytes: number): boolean => data.length * 3 > maxBytes && byteLength(data) > maxBytes;
