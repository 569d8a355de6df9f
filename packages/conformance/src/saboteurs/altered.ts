import type { Refused, ResultStore, ScanCapability, ScanPage, TaskRecord } from '@rb/core';

type Found = TaskRecord | Refused;

/** The same store, which writes something else than it was given. */
export const storing = (store: ResultStore, change: (record: TaskRecord) => TaskRecord): ResultStore => ({
  ...store,
  put: (records, options) => store.put(records.map(change), options),
});

/** The same store, which reads something else than it keeps: by `get`, by scans, and to who watches. */
export function reading(store: ResultStore, change: (record: TaskRecord) => Found): ResultStore {
  const altered = (found: Found): Found => ('refused' in found ? found : change(found));
  const { notify, scan } = store;
  return {
    ...store,
    get: async (taskIds, options) => (await store.get(taskIds, options)).map((found) => found && altered(found)),
    scan: scan && { pages: (options) => pagesWith(scan.pages(options), (records) => records.map(altered)) },
    notify: notify && {
      subscribe: (handler) =>
        notify.subscribe({ record: (found) => handler.record(altered(found)), gap: () => handler.gap() }),
    },
  };
}

/** The same pages with other records; one that has none left is left out. */
export async function* pagesWith(
  pages: AsyncIterable<ScanPage>,
  change: (records: readonly Found[]) => readonly Found[],
): AsyncGenerator<ScanPage> {
  for await (const page of pages) {
    const records = change(page.records);
    if (records.length > 0) yield { ...page, records };
  }
}

/** The same text wherever it stands alone; anything else stays. */
export const text = (value: unknown, change: (text: string) => unknown): unknown =>
  typeof value === 'string' ? change(value) : value;

/** The same store, which writes another text where the result is one. */
export const withText = (store: ResultStore, change: (text: string) => string): ResultStore =>
  storing(store, (record) => ({ ...record, result: text(record.result, change) }));

/** The same store with other scans. */
export function scanning(
  store: ResultStore,
  change: (pages: ScanCapability['pages'], options: Parameters<ScanCapability['pages']>[0]) => AsyncIterable<ScanPage>,
): ResultStore {
  const { scan } = store;
  return scan ? { ...store, scan: { pages: (options) => change(scan.pages, options) } } : store;
}
