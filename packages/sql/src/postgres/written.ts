import type { SqlRow } from '../executor.js';
import type { Layout } from '../layout.js';
import type { Moment } from '../moment.js';
import type { Written } from '../watch-source.js';
import { bytesOf } from './driver.js';

/** Of `xmin:xmax:xip_list`: what ran at xmin still runs, and is listed. */
export function momentOf(snapshot: string): Moment {
  const [, next, running] = snapshot.split(':');
  return { next: Number(next), running: running ? running.split(',').map(Number) : [] };
}

/**
 * A row of `latest` from the JSON that PostgreSQL makes of one. Undefined where that is not certain to be what a SELECT gives:
 * a column is missing, or a value is one of those that JSON writes differently.
 *
 * @param now Absent: there are no deadlines.
 */
export function writtenRow(
  { transaction, row }: Written,
  columns: readonly string[],
  layout: Layout,
  now: number | undefined,
): SqlRow | undefined {
  const read: Record<string, unknown> = {};
  for (const column of columns) {
    const value = asSelected(row[column], column, layout);
    if (value === undefined) return undefined;
    read[column] = value;
  }
  const expiresAt = read.rb_expires_at as number | null | undefined;
  const live = now === undefined || expiresAt == null || expiresAt > now ? 1 : 0;
  // As xmin has it, but where it was written under a savepoint: that is told again by the poll.
  return { ...read, version: String(transaction % 2 ** 32), live };
}

/** `2026-11-22T17:03:59.46`, and of an instant with the offset of the writer's zone. */
const DATE = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d(?::\d\d)?)?$/;

function asSelected(value: unknown, column: string, layout: Layout): unknown {
  if (value === null) return null;
  if (column === 'rb_expires_at' || column === 'retries') {
    if (column === 'rb_expires_at' && value === 'Infinity') return null;
    return typeof value === 'number' ? value : undefined;
  }
  if (typeof value !== 'string') return undefined;
  if (layout.bytes.has(column)) return value.startsWith('\\x') ? bytesOf(value) : undefined;
  if (!layout.dates.has(column)) return value;
  const [, day, time, fraction = '', offset = ''] = DATE.exec(value) ?? [];
  return day && `${day} ${time}.${fraction.padEnd(6, '0')}${offset}`;
}
