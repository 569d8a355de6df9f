import {
  abortable,
  CONTRACT_VERSION,
  type GetOutcome,
  type PutOutcome,
  ResultError,
  type ResultStore,
  type Serializer,
  type StatsCapability,
  type TaskRecord,
} from '@rb/core';
import { type Dialect, numberOf, type Statements } from './dialect.js';
import { djangoGroupCodec } from './django/group.js';
import { djangoRowCodec } from './django/row.js';
import type { Executor, SqlRow, Statement, StatementResult } from './executor.js';
import { celeryGroupCodec } from './group-codec.js';
import { sqlGroups } from './groups.js';
import { columnsOf, isExtended, type LayoutName, layoutOf } from './layout.js';
import { checkId, checkState } from './limits.js';
import { sqlScan } from './scan.js';
import { openSession, type Session } from './session.js';
import { doneMs, isLarger, type StoredRow, taskRowCodec } from './task-row.js';
import { type Listen, pollingWatch } from './watch.js';
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
  readonly now: () => number;
  readonly onBackgroundError: (error: unknown) => void;
}

/** A result store over one pair of tables, the same for every database. */
export function sqlStore(options: SqlStoreOptions): ResultStore {
  const { dialect, dates, now, maxBytes, serializer, executor, deploy } = options;
  const extended = isExtended(options.layout);
  const layout = layoutOf(options.layout);
  const columns = columnsOf(layout, extended);
  const session = openSession({ dialect, executor, layout, extended, deploy });
  const codec = layout.django
    ? djangoRowCodec(serializer, extended, dates, now)
    : taskRowCodec(serializer, extended, dates);
  const groupCodec = layout.django ? djangoGroupCodec(serializer, dates) : celeryGroupCodec(dates);

  const encode = (record: TaskRecord): StoredRow | ResultError => {
    try {
      checkId(record.taskId, 'task', layout.maxId);
      checkState(record.taskId, record.state);
      const row = codec.encode(record);
      const reason = dialect.unfit(row);
      if (reason !== undefined) return unfit(row, reason);
      return isLarger(row, columns, maxBytes) ? tooLarge(row, maxBytes) : row;
    } catch (error) {
      return error as ResultError; // The codec throws nothing else.
    }
  };

  const decode = (row: SqlRow, verbatim?: boolean): NonNullable<GetOutcome> => {
    try {
      return codec.decode(row as unknown as StoredRow, verbatim);
    } catch (error) {
      return { taskId: String(row.task_id), refused: error as ResultError };
    }
  };

  const get: ResultStore['get'] = async (taskIds, { signal, verbatim } = {}) => {
    const doing = `reading ${taskIds.length} records`;
    const [result] = await session.read((statements) => [statements.get(taskIds, now())], doing, signal);
    const found = new Map<unknown, NonNullable<GetOutcome>>();
    for (const row of result?.rows ?? []) found.set(row.task_id, decode(row, verbatim));
    return taskIds.map((id) => found.get(id));
  };

  const watch = sqlWatch(session, get, options);

  const put: ResultStore['put'] = async (records, { signal } = {}) => {
    // Before the first await: what the caller changes afterwards is not stored.
    const encoded = records.map(encode);
    const rows = encoded.filter((row): row is StoredRow => !(row instanceof Error));
    const doing = `storing ${rows.length} records`;
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

const tooLarge = ({ task_id: taskId }: StoredRow, maxBytes: number): ResultError =>
  new ResultError('RB_TOO_LARGE', `the record of task ${taskId} takes more than ${maxBytes} bytes (maxBytes)`, {
    taskId,
  });

const unfit = ({ task_id: taskId }: StoredRow, reason: string): ResultError =>
  new ResultError('RB_ENCODE', `the record of a task cannot be stored: ${reason}`, { taskId });

function sqlWatch(
  session: Session,
  get: ResultStore['get'],
  { pollMs, maxPollMs, listen, onBackgroundError }: SqlStoreOptions,
) {
  let token: unknown;
  // One after another: however many begin to watch at once, watching takes one connection of a pool.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const ask = async (build: (statements: Statements) => Statement | undefined): Promise<readonly SqlRow[]> => {
    const all = (statements: Statements): Statement[] =>
      [build(statements)].filter((statement) => statement !== undefined);
    const [result] = await inTurn(() => session.read(all, 'looking for changes'));
    return result?.rows ?? [];
  };
  return pollingWatch(
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
        return new Map(rows.map((row) => [String(row.task_id), String(row.version)]));
      },
      get: (taskIds) => inTurn(() => get(taskIds)),
    },
    { pollMs, maxPollMs, listen, onBackgroundError },
  );
}

const sqlExpiry = (session: Session, now: () => number): NonNullable<ResultStore['expiry']> => ({
  // Deadlines are compared with the clock at every read.
  resolutionMs: 1,
  async sweep(limit, { signal } = {}) {
    const doing = 'removing expired records';
    const [tasks] = await session.write((statements) => [statements.sweepTasks(limit, now())], doing, signal);
    const removed = tasks?.changes ?? 0;
    if (removed >= limit) return removed;
    const [groups] = await session.write((s) => [s.sweepGroups(limit - removed, now())], doing, signal);
    return removed + (groups?.changes ?? 0);
  },
});

const sqlStats = (session: Session, dates: Dates, now: () => number): StatsCapability => ({
  async read({ signal } = {}) {
    const results = await session.read((statements) => statements.stats(now()), 'counting records', signal);
    const [all, expired, oldest, size] = results.map(({ rows }) => rows);
    const byState: Record<string, number> = {};
    const count = ({ status, n }: SqlRow, sign: 1 | -1): void => {
      // Adding up: of rows that cannot be read, several may look alike as text.
      byState[String(status)] = (byState[String(status)] ?? 0) + sign * Number(n);
    };
    for (const row of all ?? []) count(row, 1);
    for (const row of expired ?? []) count(row, -1);
    for (const [state, n] of Object.entries(byState)) if (n === 0) delete byState[state];
    return {
      byState,
      total: Object.values(byState).reduce((sum, n) => sum + n, 0),
      bytes: numberOf(size?.[0], 'bytes'),
      oldestDoneAt: oldestOf(oldest?.[0], dates),
      estimated: false,
    };
  },
});

/** What looks like a date need not be one: then the other counts are worth more than an error. */
function oldestOf(row: SqlRow = {}, dates: Dates): number | null {
  try {
    return doneMs(row, dates);
  } catch {
    return null;
  }
}
