import type { Layout } from '../layout.js';
import type { Found, Step } from '../schema.js';
import { invalidMark, largeMark } from './inspection.js';
import { quoted, type Tables } from './tables.js';

export interface Index {
  /** Without quotes. */
  readonly name: string;
  readonly table: string;
  /** With its schema. */
  readonly qualified: string;
  readonly on: string;
}

/**
 * Scans go by row id, so that an index which ends in it gives a page at once. Partial: a row without a name costs nothing in
 * the index of names, a success nothing in that of states, an immortal row nothing in that of deadlines.
 */
export function indexesOf(tables: Tables, { django }: Layout): readonly Index[] {
  const { task, names, inTaskSchema } = tables;
  const ofTask = (suffix: string, on: string): Index => {
    const name = `rb_${names.task}_${suffix}`;
    return { name, table: task, qualified: inTaskSchema(name), on };
  };
  const group = `rb_${names.group}_expires_at`;
  const deadlines = [
    ofTask('expires_at', '(rb_expires_at) WHERE rb_expires_at IS NOT NULL'),
    {
      name: group,
      table: tables.group,
      qualified: tables.inGroupSchema(group),
      on: '(rb_expires_at) WHERE rb_expires_at IS NOT NULL',
    },
  ];
  // Django's migrations make all others themselves.
  if (django) return deadlines;
  return [
    dateIndex(task, names.task, inTaskSchema),
    dateIndex(tables.group, names.group, tables.inGroupSchema),
    ...deadlines,
    // What is looked for most often, and mostly few rows.
    ofTask('failed', "(date_done) WHERE status = 'FAILURE'"),
    ofTask('status', "(status, id) WHERE status <> 'SUCCESS'"),
    ofTask('name', '(name, id) WHERE name IS NOT NULL'),
    ofTask('worker', '(worker, id) WHERE worker IS NOT NULL'),
    ofTask('queue', '(queue, id) WHERE queue IS NOT NULL'),
  ];
}

/** Celery 5.6.3 creates the same index; older versions have none. */
export const dateIndex = (table: string, name: string, inSchema: (name: string) => string): Index => ({
  name: `ix_${name}_date_done`,
  table,
  qualified: inSchema(`ix_${name}_date_done`),
  on: '(date_done)',
});

/** A large table's index is built while others write. What a cut-off build left is of no use, and ours. */
export function stepsOf(index: Index, { objects }: Found): readonly Step[] {
  const { name, table } = index;
  if (objects.has(name.toLowerCase())) return [];
  const isInvalid = objects.has(invalidMark(name));
  if (!objects.has(largeMark(table)))
    return [...(isInvalid ? [`DROP INDEX ${index.qualified}`] : []), createIndex(index)];
  return [
    ...(isInvalid ? [{ online: `DROP INDEX CONCURRENTLY ${index.qualified}` }] : []),
    { online: createIndex(index, 'CONCURRENTLY ') },
  ];
}

export const createIndex = ({ name, table, on }: Index, how = ''): string =>
  `CREATE INDEX ${how}${quoted(name)} ON ${table} ${on}`;
