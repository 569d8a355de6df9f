import type { SqlParam, SqlRow, SqlValue, Statement } from '../executor.js';
import type { Dates } from '../zones.js';
import { READY_STATES, type Rule, type Rules, shortestMs } from './policy.js';

/** How one database spells what retention asks of it. */
export interface RetentionDialect {
  readonly task: string;
  /** Whether the task table has this package's own columns: else it tells of neither deadlines nor last writes. */
  readonly extended: boolean;
  /** The place of the nth parameter, from 1 up. */
  place(n: number): string;
  /** A parameter as what it is compared with. */
  readonly as: Readonly<Record<'date' | 'ms' | 'id', (place: string) => string>>;
  /** Whether a column is like a pattern, case and all. */
  like(column: string, place: string): string;
  pattern(glob: string): string;
  /** A date as text that goes in as a parameter again. */
  text(date: string): string;
  /** What to select for a TaskRow. */
  readonly columns: string;
  /** Text that differs after every write to a row, and between rows. */
  readonly version: string;
  /** Whether `date_done` is a date. */
  readonly dated: string;
  expired(now: string): string;
  /** When the row was written last, in Unix milliseconds; null where nobody knows. */
  readonly updatedAt: string;
  /** Notes now as the last write of rows that have none. */
  stamp(rows: readonly DueRow[], now: number): Statement;
  /**
   * Deletes rows that are as they were seen, copied into the archive before. Rows: `{ id }`, one per deleted row.
   * Rows that somebody writes just now are left for the next time where the database can skip them.
   */
  remove(rows: readonly DueRow[], archive: string | undefined, now: number): readonly Statement[];
  removeGroups(limit: number, before: string): Statement;
  /** The archive's table, quoted. Errors: TypeError for a name that is none. */
  archive(name: string): string;
  /** A record per task id: that of the last time it was archived. */
  createArchive(archive: string): Statement;
  /** Rows: columns of TaskRow, in the order of task ids. */
  archived(archive: string, after: string, limit: number): Statement;
}

export interface DueRow {
  readonly id: number;
  readonly version: string;
}

/**
 * Records past their own deadline; ready ones by their date; those that are not ready, or that have no date. Each in the
 * order of a column that has an index, and that no statement moves a row back in.
 */
const WALKS = ['expired', 'done', 'open'] as const;
export type Walk = (typeof WALKS)[number];

const KEYS = { expired: 'rb_expires_at', done: 'date_done', open: 'id' } as const;
const KINDS = { expired: 'ms', done: 'date', open: 'id' } as const;

export interface Asked {
  readonly walk: Walk;
  readonly rules: Rules;
  readonly now: number;
  /** How `date_done` is written. */
  readonly dates: Dates;
}

/** A place in a walk. */
export interface Position {
  readonly key: SqlValue;
  readonly id: number;
}

export interface Page {
  readonly after: Position | undefined;
  readonly limit: number;
  /** Whether to read all columns of TaskRow. */
  readonly whole: boolean;
}

/** Whether all of it was read: what is too large for the driver comes as no bytes, which is no result. */
export const isWhole = ({ result }: SqlRow): boolean => !(result instanceof Uint8Array) || result.length > 0;

/** In place of a tier: nobody knows when the row was written. */
export const UNDATED = -1;

/** Rows: `{ id, version, tier, position }` and, where asked for, columns of TaskRow. */
export function dueStatement(dialect: RetentionDialect, asked: Asked, { after, limit, whole }: Page): Statement {
  const query = querying(dialect, asked);
  const key = `t.${KEYS[asked.walk]}`;
  const position = asked.walk === 'done' ? dialect.text(key) : key;
  const selected = `t.id, ${dialect.version} AS version, ${query.tier()} AS tier, ${position} AS position`;
  const sql =
    `SELECT ${selected}${whole ? `, ${dialect.columns}` : ''} FROM ${dialect.task} t WHERE ${query.due()}` +
    `${after ? ` AND ${query.after(key, after)}` : ''} ORDER BY ${key}, t.id LIMIT ${query.bind(limit)}`;
  return { sql, params: query.params };
}

/** Rows: `{ tier, n, oldest, newest }`. */
export function countStatement(dialect: RetentionDialect, asked: Asked): Statement {
  const query = querying(dialect, asked);
  const at = { expired: 't.rb_expires_at', done: 't.date_done', open: dialect.updatedAt }[asked.walk];
  const text = (date: string): string => (asked.walk === 'done' ? dialect.text(date) : date);
  const sql =
    `SELECT ${query.tier()} AS tier, COUNT(*) AS n, ${text(`MIN(${at})`)} AS oldest, ${text(`MAX(${at})`)} AS newest ` +
    `FROM ${dialect.task} t WHERE ${query.due()} GROUP BY 1`;
  return { sql, params: query.params };
}

/** Parts of a statement. Each binds its parameters, so they are called in the order in which they stand in the text. */
function querying(dialect: RetentionDialect, { walk, rules, now, dates }: Asked) {
  const params: SqlParam[] = [];
  const bind = (value: SqlParam): string => dialect.place(params.push(value));
  const ready = `t.status IN (${READY_STATES.map((state) => `'${state}'`).join(', ')})`;

  const fits = ({ states, patterns }: Rule): string =>
    [
      ...(states === READY_STATES ? [ready] : []),
      ...(states && states !== READY_STATES ? [`t.status IN (${states.map(bind).join(', ')})`] : []),
      ...patterns.map(([column, pattern]) => dialect.like(`t.${column}`, bind(dialect.pattern(pattern)))),
    ].join(' AND ') || 'TRUE';

  const perRule = (then: (rule: Rule, index: number) => string): string =>
    rules.all.map((rule, i) => `WHEN ${fits(rule)} THEN ${then(rule, i)}`).join(' ');

  const before = (ms: number): string =>
    walk === 'done' ? dialect.as.date(bind(dates.text(boundMs(now - ms)))) : dialect.as.ms(bind(now - ms));

  const isPast = (column: string): string =>
    perRule(({ keepMs }) => (keepMs === null ? 'FALSE' : `${column} < ${before(keepMs)}`));

  const expired = (): string => (dialect.extended ? dialect.expired(dialect.as.ms(bind(now))) : 'FALSE');

  const conditions: Readonly<Record<Walk, () => readonly string[]>> = {
    expired: () => [expired()],
    // The state within CASE: by an index on states a database would sort all rows for each page.
    done: () => [
      dialect.dated,
      `t.date_done < ${before(shortestMs(rules))}`,
      `CASE WHEN (${ready}) IS NOT TRUE THEN FALSE ${isPast('t.date_done')} END`,
    ],
    open: () => [
      `(${ready} AND ${dialect.dated}) IS NOT TRUE`,
      `(${dialect.updatedAt} IS NULL OR CASE ${isPast(dialect.updatedAt)} END)`,
    ],
  };

  return {
    params,
    bind,
    tier: (): string => {
      if (walk === 'expired') return String(rules.all.length);
      const undated = walk === 'open' ? `WHEN ${dialect.updatedAt} IS NULL THEN ${UNDATED} ` : '';
      return `CASE ${undated}${perRule((_, index) => String(index))} END`;
    },
    due: (): string =>
      [
        't.task_id IS NOT NULL',
        ...conditions[walk](),
        ...(walk === 'expired' ? [] : [`(${expired()}) IS NOT TRUE`]),
      ].join(' AND '),
    after: (key: string, { key: last, id }: Position): string => {
      const place = (): string => dialect.as[KINDS[walk]](bind(last));
      return `${key} >= ${place()} AND (${key} > ${place()} OR t.id > ${dialect.as.id(bind(id))})`;
    },
  };
}

/** Of the years that dates have in every database, but for a day, as zones differ. */
const boundMs = (ms: number): number => Math.max(ms, Date.UTC(1000, 0, 2));
