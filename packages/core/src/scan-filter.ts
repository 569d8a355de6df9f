import type { ScanFilter, TaskRecord } from './contract.js';

/** What a filter looks at; a store that filters without decoding need not have more. */
export type Filterable = Pick<TaskRecord, 'state' | 'doneAt'> & { readonly meta: Readonly<Record<string, unknown>> };

/** The meaning of a ScanFilter, for stores that cannot leave it to a query. */
export function matchesFilter({ state, doneAt, meta }: Filterable, filter: ScanFilter): boolean {
  const { states, since, until } = filter;
  if (states && !states.includes(state)) return false;
  if (since !== undefined && (doneAt === null || doneAt < since)) return false;
  if (until !== undefined && (doneAt === null || doneAt >= until)) return false;
  return (['name', 'worker', 'queue'] as const).every((key) => filter[key] === undefined || filter[key] === meta[key]);
}
