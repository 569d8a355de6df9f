import { matchesFilter, type Refused, type ResultStore, type ScanCapability, type TaskRecord } from '@rb/core';

/** All of the primary, then what the secondary has alone; every record as a read of the pair gives it. */
export function dualScan(
  primary: ResultStore,
  secondary: ResultStore,
  get: ResultStore['get'],
): ScanCapability | undefined {
  const sides = { '1': primary.scan, '2': secondary.scan };
  if (sides['1'] === undefined || sides['2'] === undefined) return undefined;
  return {
    async *pages({ filter = {}, after, ...options } = {}) {
      for (const [side, scan] of Object.entries(sides)) {
        const reached = after?.[0];
        if (scan === undefined || (reached !== undefined && reached > side)) continue;
        // The filter comes last: the copies may differ in what it looks at.
        const from = reached === side ? after?.slice(1) : undefined;
        for await (const { records: found, cursor } of scan.pages({ ...options, after: from })) {
          const ids = found.map(({ taskId }) => taskId);
          const before = side === '1' ? [] : await primary.get(ids, options);
          const read = await get(
            ids.filter((_, at) => before[at] === undefined),
            options,
          );
          const records = read.filter((each): each is TaskRecord | Refused => each !== undefined);
          const kept = records.filter((each) => 'refused' in each || matchesFilter(each, filter));
          if (kept.length > 0) yield { records: kept, cursor: `${side}${cursor}` };
        }
      }
    },
  };
}
