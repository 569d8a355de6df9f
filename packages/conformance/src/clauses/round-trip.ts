import type { TaskMeta, TaskRecord } from '@rb/core';
import type { ClauseContext } from '../context.js';

/** Stores a record for each of the fields in one put, and reads each through the other handle. Same order. */
export async function roundTrip(
  t: ClauseContext,
  fields: readonly Partial<TaskRecord>[],
): Promise<readonly (TaskRecord | undefined)[]> {
  const records = fields.map((each) => t.record(each));
  const outcomes = await t.putAll(t.writer, records);
  t.same(
    outcomes.filter((outcome) => 'refused' in outcome),
    [],
    'refused of a put of sound records',
  );
  const found: (TaskRecord | undefined)[] = [];
  for (const { taskId } of records) found.push(await t.read(t.reader, taskId));
  return found;
}

/** What a store that keeps only some keys is to give back of these. */
export function keptOf({ facts }: ClauseContext, meta: TaskMeta): TaskMeta {
  const { keeps } = facts.traits;
  return keeps === 'all' ? meta : Object.fromEntries(Object.entries(meta).filter(([key]) => keeps.includes(key)));
}
