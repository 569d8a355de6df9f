import {
  abortable,
  CONTRACT_VERSION,
  type GetOutcome,
  type PutOutcome,
  type ResultError,
  type ResultStore,
  type Serializer,
} from '@rb/core';
import { type Dialect, numberOf, type Statements } from './dialect.js';
import { djangoGroupCodec } from './django/group.js';
import { djangoRowCodec } from './django/row.js';
import type { Executor, SqlRow, Statement, StatementResult } from './executor.js';
import { celeryGroupCodec } from './group-codec.js';
import { sqlGroups } from './groups.js';
import { isExtended, type LayoutName, layoutOf } from './layout.js';
import { rowEncoder } from './row-encoder.js';
import { sqlScan } from './scan.js';
import { openSession, type Session } from './session.js';
import { sqlStats } from './stats.js';
import { isLive, sqlWatch } from './table-watch.js';
import { type StoredRow, taskRowCodec } from './task-row.js';
import type { Listen } from './watch-source.js';
import type { Dates } from './zones.js';

export interface SqlStoreOptions {
  readonly dialect: Dialect;
  readonly executor: Executor;
  readonly serializer: Serializer;
  readonly layout: LayoutName;
  readonly deploy: boolean;
  readonly durable: boolean;
  readonly dates: Dates;
  readonly maxBytes: number;
  readonly pollMs: number;
  /** What `pollMs` grows to while nothing happens. @default pollMs */
  readonly maxPollMs?: number | undefined;
  readonly listen?: Listen | undefined;
  /** Makes what rows need to be put into; undefined where it is there. */
  readonly ahead?: ((rows: readonly StoredRow[], session: Session) => Promise<void> | undefined) | undefined;
  readonly now: () => number;
  readonly onBackgroundError: (error: unknown) => void;
}

/** A result store over one pair of tables, the same for every database. */
export function sqlStore(options: SqlStoreOptions): ResultStore {
  const { dialect, dates, now, maxBytes, serializer, executor, deploy } = options;
  const extended = isExtended(options.layout);
  const layout = layoutOf(options.layout);
  const session = openSession({ dialect, executor, layout, extended, deploy });
  const codec = layout.django
    ? djangoRowCodec(serializer, extended, dates, now)
    : taskRowCodec(serializer, extended, dates);
  const groupCodec = layout.django ? djangoGroupCodec(serializer, dates) : celeryGroupCodec(dates);

  const encode = rowEncoder(codec, dialect, layout, maxBytes);

  const decode = (row: SqlRow, verbatim?: boolean): NonNullable<GetOutcome> => {
    try {
      return codec.decode((dialect.counted?.(row) ?? row) as unknown as StoredRow, verbatim);
    } catch (error) {
      return { taskId: String(row.task_id), refused: error as ResultError };
    }
  };

  const watch = sqlWatch(session, { get: (taskIds) => get(taskIds), decode }, options);

  const get: ResultStore['get'] = async (taskIds, { signal, verbatim } = {}) => {
    const doing = `reading ${taskIds.length} records`;
    const isWatched = taskIds.some(watch.isWatched);
    const read = (statements: Statements, ids: readonly string[]): Statement =>
      (isWatched && statements.asOf && statements.latest?.(ids, now())) || statements.get(ids, now());
    const results = await session.read((s) => inParts(taskIds).map((ids) => read(s, ids)), doing, signal);
    const found = new Map<unknown, NonNullable<GetOutcome>>();
    for (const { rows } of results) {
      for (const row of rows) if (isLive(row)) found.set(row.task_id, decode(row, verbatim));
      if (isWatched) watch.wasRead(rows);
    }
    return taskIds.map((id) => found.get(id));
  };

  const put: ResultStore['put'] = async (records, { signal } = {}) => {
    // Before the first await: what the caller changes afterwards is not stored.
    const encoded = records.map(encode);
    const rows = encoded.filter((row): row is StoredRow => !(row instanceof Error));
    const doing = `storing ${rows.length} records`;
    const making = options.ahead?.(rows, session);
    if (making !== undefined) await abortable(making, signal, doing);
    try {
      const results = await session.write((statements) => statements.put(rows, now()), doing, signal);
      return putOutcomes(encoded, results);
    } finally {
      // Also where the caller has aborted: the write may have landed.
      watch.wrote(rows.map((row) => row.task_id));
    }
  };

  const capabilities = extended
    ? { expiry: sqlExpiry(session, now), groups: sqlGroups(session, groupCodec, layout.maxId, now) }
    : {};
  return {
    contract: CONTRACT_VERSION,
    name: dialect.name,
    traits: { durable: options.durable, readers: 'any', maxBytes, keeps: extended ? 'all' : layout.keeps },
    put,
    get,
    async delete(taskIds, { signal } = {}) {
      const doing = `deleting ${taskIds.length} records`;
      const all = (s: Statements) => inParts(taskIds).flatMap((ids) => s.delete(ids, now()));
      const results = await session.write(all, doing, signal);
      return results.flatMap(({ rows }) => rows).filter(({ live }) => live === 1).length;
    },
    close() {
      watch.close();
      return session.close();
    },
    notify: { subscribe: watch.subscribe },
    scan: sqlScan(session, decode, dates, now),
    stats: sqlStats(session, dates, now),
    ...capabilities,
  };
}

/** Ids of one statement: with more, MySQL reads the whole table, or the statement does not fit into a packet. */
const MAX_IDS = 10_000;

function inParts(taskIds: readonly string[]): readonly (readonly string[])[] {
  if (taskIds.length <= MAX_IDS) return [taskIds];
  const count = Math.ceil(taskIds.length / MAX_IDS);
  return Array.from({ length: count }, (_, part) => taskIds.slice(part * MAX_IDS, (part + 1) * MAX_IDS));
}

/** Of several records with one id in a batch those that were applied come first: nothing is applied after a SUCCESS. */
function putOutcomes(encoded: readonly (StoredRow | ResultError)[], results: readonly StatementResult[]): PutOutcome[] {
  const applied = new Map<unknown, number>();
  for (const { rows } of results) for (const { task_id: id } of rows) applied.set(id, (applied.get(id) ?? 0) + 1);
  return encoded.map((row) => {
    if (row instanceof Error) return { refused: row };
    const left = applied.get(row.task_id) ?? 0;
    applied.set(row.task_id, left - 1);
    return left > 0 ? { applied: true } : { applied: false, state: 'SUCCESS' };
  });
}

const sqlExpiry = (session: Session, now: () => number): NonNullable<ResultStore['expiry']> => ({
  // Deadlines are compared with the clock at every read.
  resolutionMs: 1,
  async sweep(limit, { signal } = {}) {
    const doing = 'removing expired records';
    const [tasks] = await session.write((statements) => [statements.sweepTasks(limit, now())], doing, signal);
    const removed = tasks?.rows.length ? numberOf(tasks.rows[0], 'removed') : (tasks?.changes ?? 0);
    if (removed >= limit) return removed;
    const [groups] = await session.write((s) => [s.sweepGroups(limit - removed, now())], doing, signal);
    return removed + (groups?.changes ?? 0);
  },
});
