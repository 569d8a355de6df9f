import { abortable, type GetOutcome } from '@rb/core';
import type { Statements } from './dialect.js';
import type { SqlRow, Statement } from './executor.js';
import type { Session } from './session.js';
import { pollingWatch, type Watch, type WatchOptions } from './watch.js';
import type { Found, Latest, WatchSource, Written } from './watch-source.js';

/** Rows of `latest` say so; of `get` there are no others. */
export const isLive = ({ task_id: taskId, live = 1 }: SqlRow): boolean => taskId !== null && live === 1;

export interface TableWatch extends Watch {
  /** Rows of a read: what is told afterwards is no older. */
  wasRead(rows: readonly SqlRow[]): void;
}

/** Notification by the versions of the rows, which are asked for on one connection. */
export function sqlWatch(
  session: Session,
  { get, decode }: Pick<WatchSource, 'get'> & { readonly decode: (row: SqlRow) => NonNullable<GetOutcome> },
  { now, listen, ...options }: WatchOptions & { readonly now: () => number },
): TableWatch {
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
    { ...options, listen },
  );
  return { ...watch, wasRead: (rows: readonly SqlRow[]) => watch.read(found(rows, () => undefined)) };
}
