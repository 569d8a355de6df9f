import { ResultError } from '@rb/core';
import type { Found } from '../schema.js';
import { partitionedMark } from './inspection.js';
import type { Tables } from './tables.js';

export interface PartitionOptions {
  /** How long a stretch of deadlines one partition holds: whole minutes. It stays as it is once the table is there. @default 86_400_000 (a day) */
  readonly intervalMs?: number | undefined;
  /** Celery's `result_expires`: the deadline of what Celery writes, from the time on at which it does. @default 86_400_000 (a day) */
  readonly celeryExpiresMs?: number | undefined;
}

export interface Partitions {
  readonly intervalMs: number;
  readonly celeryExpiresMs: number;
}

/** A deadline further ahead than so many partitions is left to the default partition: each more costs every read a look. */
export const MAX_AHEAD = 100;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Errors: TypeError. */
export function partitionsOf({
  intervalMs = DAY_MS,
  celeryExpiresMs = DAY_MS,
  ...others
}: PartitionOptions): Partitions {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new TypeError(`expected intervalMs and celeryExpiresMs as partitions, got ${unknown.slice(0, 40)}`);
  if (!(intervalMs >= MINUTE_MS && intervalMs % MINUTE_MS === 0 && intervalMs <= 3_650 * DAY_MS))
    throw new TypeError(`expected whole minutes in milliseconds as partitions.intervalMs, got ${intervalMs}`);
  if (!(celeryExpiresMs > 0 && celeryExpiresMs <= MAX_AHEAD * intervalMs))
    throw new TypeError(
      `expected up to ${MAX_AHEAD} times intervalMs as partitions.celeryExpiresMs, got ${celeryExpiresMs}`,
    );
  return { intervalMs, celeryExpiresMs };
}

/** Names of what belongs to a partitioned table, quoted and with their schema. */
export function partitionNames({ names, inTaskSchema }: Tables): PartitionNames {
  const named = (suffix: string): string => inTaskSchema(`rb_${names.task}_${suffix}`);
  return {
    strays: named('strays'),
    immortal: named('immortal'),
    make: named('partition'),
    check: named('unique'),
    put: named('put'),
    get: named('get'),
    sweep: named('sweep'),
  };
}

interface PartitionNames {
  /** The default partition: what has none yet, and deadlines that were over when they were stored. */
  readonly strays: string;
  readonly immortal: string;
  /** Functions. */
  readonly make: string;
  readonly check: string;
  readonly put: string;
  readonly get: string;
  readonly sweep: string;
}

/** When what Celery writes now expires. */
export const celeryDeadline = ({ celeryExpiresMs }: Partitions): string =>
  `((extract(epoch FROM clock_timestamp()) * 1000)::float8 + ${celeryExpiresMs})`;

/** A table is never turned into another kind, which would mean to write every row anew. Errors: RB_SCHEMA. */
export function checkLayout({ task }: Tables, { columns, objects }: Found, partitions: Partitions | undefined): void {
  if (!columns.has(task) || objects.has(partitionedMark(task)) === (partitions !== undefined)) return;
  throw new ResultError(
    'RB_SCHEMA',
    partitions === undefined
      ? `the table ${task} is partitioned: give the option partitions`
      : `the table ${task} is there and not partitioned: name other tables, and copy the records there by scan and put`,
  );
}

/** What alters the partitions of a table that is in use waits no longer: whoever comes later waits behind it. */
export const LOCK_TIMEOUT_MS = 200;

/** Locks by which writers of one id come one after another: few enough for any batch to take them all. */
const STRIPES = 128;

/** The lock of an id, of one table. */
export const stripeOf = (task: string, taskId: string): string =>
  `(('${task}'::regclass::oid::int8 << 16) | (hashtext(${taskId}) & ${STRIPES - 1}))`;

/**
 * Of a function: its statements are planned once per session. Planning looks at all partitions and their indexes, which for a
 * month of days takes several milliseconds, ten times what running takes. They are planned while partitions are empty, when
 * reading all of them looks as good as the index.
 */
export const PLANNED_ONCE = 'LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off';

/** The rows of others are seen once their writer has committed, which a snapshot of the whole transaction would hide. */
export const NEEDS_READ_COMMITTED = `IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE feature_not_supported USING MESSAGE = 'a partitioned table of results is written in READ COMMITTED only';
  END IF`;
