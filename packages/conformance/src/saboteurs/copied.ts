import type { TaskRecord } from '@rb/core';

/** Records as they are now: for bugs that wait before they store, and are not meant to be STO-6's. */
export const copied = (records: readonly TaskRecord[]): readonly TaskRecord[] =>
  records.map((record) => ({ ...record, result: copyOf(record.result) }));

/** Plain values; of others none is changed under the hands of a store. */
const copyOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each)]));
};
