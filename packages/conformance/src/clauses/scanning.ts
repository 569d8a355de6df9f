import type { Refused, ResultStore, ScanOptions, ScanPage, TaskRecord } from '@rb/core';
import type { ClauseContext, OpenStore } from '../context.js';
import { Violation } from '../evidence.js';

/** Of stores that the gate `scan` let through. */
export function pagesOf({ scan, name }: ResultStore, options?: ScanOptions): AsyncIterable<ScanPage> {
  if (scan === undefined) throw new TypeError(`expected the store ${name} to have scan`);
  return scan.pages(options);
}

export async function scanned(through: OpenStore, options?: ScanOptions): Promise<readonly (TaskRecord | Refused)[]> {
  const all: (TaskRecord | Refused)[] = [];
  for await (const { records } of pagesOf(through.store, options)) all.push(...records);
  return all;
}

/** In the order of ids, since a scan has none. */
export const scannedIds = async (through: OpenStore, options?: ScanOptions): Promise<readonly string[]> =>
  idsOf(await scanned(through, options)).toSorted();

export const idsOf = (records: readonly { readonly taskId: string }[]): string[] => records.map(({ taskId }) => taskId);

/** Stores so many records, all alike; their ids, in order. */
export async function fill(
  t: ClauseContext,
  count: number,
  fields: Partial<TaskRecord> = {},
): Promise<readonly string[]> {
  const records = Array.from({ length: count }, () => t.record({ state: 'STARTED', result: null, ...fields }));
  await t.putAll(t.writer, records);
  return idsOf(records).toSorted();
}

/** What a scan that is resumed yields besides `rest`, which it must yield. */
export async function repeatedAfter(
  t: ClauseContext,
  through: OpenStore,
  rest: readonly string[],
  options: ScanOptions & { readonly after: string },
): Promise<readonly string[]> {
  const found = await scannedIds(through, options);
  const missing = rest.filter((taskId) => !found.includes(taskId));
  t.same(missing, [], `ids that a scan missed after the cursor ${options.after}`);
  t.same(found, [...new Set(found)], `ids yielded after the cursor ${options.after}, each once`);
  return found.filter((taskId) => !rest.includes(taskId));
}

/** A store that is being resized may yield records again after a cursor (the contract, ScanPage.cursor), which one of three is not. */
export async function nothingRepeated(t: ClauseContext, scan: () => Promise<readonly string[]>): Promise<void> {
  let repeated = await scan();
  for (let more = 2; more > 0 && repeated.length > 0; more -= 1) repeated = await scan();
  t.same(repeated, [], 'ids that came again after a cursor, in the third of three scans too');
}

/** What the call gives; fails the clause where that takes too long, which is how a leaked connection or lock shows. */
export async function inTime<T>({ settleMs }: ClauseContext, what: string, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Violation(`${what} did not end within ${settleMs} ms`)), settleMs);
  });
  try {
    return await Promise.race([call, limit]);
  } finally {
    clearTimeout(timer);
  }
}
