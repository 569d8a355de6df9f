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
import { type StoredRow, taskRowCodec } from './task-row.js';
import { pollingWatch } from './watch.js';
import type { Found, Latest, Listen, WatchSource, Written } from './watch-source.js';
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
    const read = (statements: Statements): Statement =>
      (isWatched && statements.asOf && statements.latest?.(taskIds, now())) || statements.get(taskIds, now());
    const [result] = await session.read((statements) => [read(statements)], doing, signal);
    const found = new Map<unknown, NonNullable<GetOutcome>>();
    for (const row of result?.rows ?? []) if (isLive(row)) found.set(row.task_id, decode(row, verbatim));
    if (isWatched) watch.wasRead(result?.rows ?? []);
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
      const results = await session.write((statements) => statements.delete(taskIds, now()), doing, signal);
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

/** Rows of `latest` say so; of `get` there are no others. */
const isLive = ({ task_id: taskId, live = 1 }: SqlRow): boolean => taskId !== null && live === 1;

function sqlWatch(
  session: Session,
  { get, decode }: Pick<WatchSource, 'get'> & { readonly decode: (row: SqlRow) => NonNullable<GetOutcome> },
  { pollMs, maxPollMs, listen, now, onBackgroundError }: SqlStoreOptions,
) {
  let token: unknown;
  let known: Statements | undefined;
  // One after another: however many begin to watch at once, watching takes one connection of a pool.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const ask = async (build: (statements: Statements) => Statement | undefined): Promise<readonly SqlRow[]> => {
    const all = (statements: Statements): Statement[] => {
      known = statements;
      return [build(statements)].filter((statement) => statement !== undefined);
    };
    const [result] = await inTurn(() => session.read(all, 'looking for changes'));
    return result?.rows ?? [];
  };
  const found = <T>(rows: readonly SqlRow[], pick: (row: SqlRow) => T): Found<T> => ({
    byId: new Map(rows.filter((row) => row.task_id !== null).map((row) => [String(row.task_id), pick(row)])),
    asOf: rows[0] && known?.asOf?.(rows[0]),
  });
  const latestOf = (row: SqlRow): Latest => ({
    version: String(row.version),
    outcome: isLive(row) ? decode(row) : undefined,
  });
  const watch = pollingWatch(
    {
      async changed() {
        const [row] = await ask((statements) => statements.changeToken());
        const before = token;
        token = row?.token;
        return row === undefined || token !== before;
      },
      async versions(taskIds, { signal } = {}) {
        const rows = await abortable(
          ask((statements) => statements.versions(taskIds)),
          signal,
          'looking for changes',
        );
        return found(rows, ({ version }) => String(version));
      },
      get: (taskIds) => inTurn(() => get(taskIds)),
      ...(listen && {
        latest: async (taskIds: readonly string[]) =>
          found(await ask((statements) => statements.latest?.(taskIds, now())), latestOf),
        told(written: Written) {
          const row = known?.told?.(written, now());
          return row && latestOf(row);
        },
        prepare: async () => void (await session.read(() => [], 'looking for changes')),
      }),
    },
    { pollMs, maxPollMs, listen, onBackgroundError },
  );
  return { ...watch, wasRead: (rows: readonly SqlRow[]) => watch.read(found(rows, () => undefined)) };
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
