import { fractionalMs, parseIsoDateTime, type StatsCapability } from '@rb/core';
import { live } from './deadlines.js';
import type { ScanParts } from './scan.js';

/** Counts and sizes by one aggregation, without reading records here; the oldest dates by the index on them. */
export const statsOf = ({ tasks, calls, now }: Omit<ScanParts, 'layout'>): StatsCapability => ({
  read: ({ signal } = {}) =>
    calls.run({ doing: 'the statistics', write: false, signal }, async () => {
      const counted = { _id: { $type: 'string' }, ...live(now()) } as object;
      const size = { $sum: { $bsonSize: '$$ROOT' } };
      const groups = tasks.aggregate<{ _id: unknown; n: number; bytes: number }>([
        { $match: counted },
        { $group: { _id: '$status', n: { $sum: 1 }, bytes: size } },
      ]);
      const oldest = async (type: 'date' | 'string'): Promise<readonly number[]> => {
        const filter = { ...counted, date_done: { $type: type } } as object;
        const [first] = await tasks
          .find(filter, { projection: { date_done: 1 }, sort: { date_done: 1 }, limit: 1 })
          .toArray();
        return first === undefined ? [] : msOf(first.date_done);
      };
      const [states, ...dates] = await Promise.all([groups.toArray(), oldest('date'), oldest('string')]);
      const done = dates.flat();
      return {
        byState: Object.fromEntries(states.map(({ _id: state, n }) => [String(state), n])),
        total: states.reduce((sum, { n }) => sum + n, 0),
        bytes: states.reduce((sum, { bytes }) => sum + bytes, 0),
        oldestDoneAt: done.length > 0 ? Math.min(...done) : null,
        estimated: false,
      };
    }),
});

/** What looks like a date need not be one. */
function msOf(date: unknown): readonly number[] {
  if (date instanceof Date) return [date.getTime()];
  try {
    return [fractionalMs(parseIsoDateTime(String(date)))];
  } catch {
    return [];
  }
}
