import { matchesFilter, type ScanCapability, type ScanFilter } from '@rb/core';
import type { Collection, Filter } from 'mongodb';
import type { Calls } from './calls.js';
import type { Task } from './client.js';
import { live } from './deadlines.js';
import type { Layout } from './layout.js';

export interface ScanParts {
  readonly tasks: Collection<Task>;
  readonly calls: Calls;
  readonly layout: Layout;
  readonly now: () => number;
}

/** Keyset pages by id: each starts after the id at which the one before ended, so nothing is held open in between. */
export const scanOf = ({ tasks, calls, layout, now }: ScanParts): ScanCapability => ({
  async *pages({ filter = {}, after = '', pageSize = 500, verbatim, signal } = {}) {
    let position = after;
    for (;;) {
      // A comparison with text finds nothing but text: documents of others may have other ids.
      const wanted = { $and: [{ _id: { $gt: position } }, live(now()), queryOf(filter)] } as Filter<Task>;
      const options = { raw: true, sort: { _id: 1 }, limit: pageSize, batchSize: pageSize + 1 } as const;
      const documents = await calls.run({ doing: 'the scan', write: false, signal }, () =>
        tasks.find(wanted, options).toArray(),
      );
      const outcomes = documents.map((bytes) => layout.decode(bytes as unknown as Uint8Array, verbatim));
      const last = outcomes.at(-1);
      if (last === undefined) return;
      position = last.taskId;
      // Milliseconds, and dates as text, are compared more exactly here. What cannot be read may be of any.
      const records = outcomes.filter((record) => 'refused' in record || matchesFilter(record, filter));
      if (records.length > 0) yield { records, cursor: position };
      if (outcomes.length < pageSize) return;
    }
  },
});

/** Celery before 5.3.4 wrote dates as text. */
function queryOf({ states, name, worker, queue, since, until }: ScanFilter): object {
  const within = {
    ...(since !== undefined && { $gte: new Date(Math.floor(since)) }),
    ...(until !== undefined && { $lt: new Date(Math.ceil(until)) }),
  };
  const conditions: object[] = [
    ...(states ? [{ status: { $in: states } }] : []),
    ...Object.entries({ name, worker, queue }).flatMap(([key, value]) =>
      value === undefined ? [] : [{ [key]: value }],
    ),
    ...(Object.keys(within).length > 0 ? [{ $or: [{ date_done: within }, { date_done: { $type: 'string' } }] }] : []),
  ];
  return conditions.length > 0 ? { $and: conditions } : {};
}
