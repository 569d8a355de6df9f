import type { StatsCapability } from '@rb/core';
import { numberOf } from './dialect.js';
import type { SqlRow } from './executor.js';
import type { Session } from './session.js';
import { doneMs } from './task-row.js';
import type { Dates } from './zones.js';

/** Counts and sizes by statements, without reading records. */
export const sqlStats = (session: Session, dates: Dates, now: () => number): StatsCapability => ({
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
