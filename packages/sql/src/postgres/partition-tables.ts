import { COLUMNS } from '../task-row.js';
import { getFunction, putFunction, sweepFunction } from './partition-statements.js';
import {
  celeryDeadline,
  LOCK_TIMEOUT_MS,
  NEEDS_READ_COMMITTED,
  type Partitions,
  PLANNED_ONCE,
  partitionNames,
  stripeOf,
} from './partitions.js';
import { quoted, type Tables } from './tables.js';

/** Celery's table, but in partitions by deadline, with the key that PostgreSQL wants for it. */
export function partitionedTable(tables: Tables, partitions: Partitions, columns: string): readonly string[] {
  const { task } = tables;
  const { strays, immortal } = partitionNames(tables);
  return [
    `CREATE TABLE ${task} (${columns}, 
	rb_expires_at DOUBLE PRECISION NOT NULL DEFAULT ${celeryDeadline(partitions)}, 
	PRIMARY KEY (id, rb_expires_at)
) PARTITION BY RANGE (rb_expires_at)`,
    `CREATE TABLE ${strays} PARTITION OF ${task} DEFAULT`,
    `CREATE TABLE ${immortal} PARTITION OF ${task} FOR VALUES FROM ('Infinity') TO (MAXVALUE)`,
    // PostgreSQL has no unique index across partitions.
    `CREATE INDEX ${quoted(`rb_${tables.names.task}_task_id`)} ON ${task} (task_id)`,
    makeFunction(tables, partitions),
  ];
}

/** By name, what stands for a unique index, with the functions that know of it and the partitions of the next days. */
export function partitionTrigger(tables: Tables, partitions: Partitions): Readonly<Record<string, readonly string[]>> {
  const { make, check } = partitionNames(tables);
  const { intervalMs, celeryExpiresMs } = partitions;
  const name = `rb_${tables.names.task}_unique`;
  const now = 'extract(epoch FROM now()) * 1000';
  return {
    [name]: [
      checkFunction(tables),
      `CREATE TRIGGER ${quoted(name)} BEFORE INSERT ON ${tables.task} FOR EACH ROW WHEN (NEW.rb_revision IS NULL) ` +
        `EXECUTE FUNCTION ${check}()`,
      putFunction(tables, COLUMNS),
      getFunction(tables),
      sweepFunction(tables, partitions),
      `SELECT ${make}(array_agg(ms)) FROM generate_series(${now}, ${now} + ${celeryExpiresMs + intervalMs}, ${intervalMs}) ms`,
    ],
  };
}

/**
 * Inputs: deadlines. Makes the partitions that they want and returns where those begin that need not be asked for again: they
 * are there, or cannot be, as the default partition has rows of theirs. A table that is made first and attached then keeps
 * nobody from the others; the default partition is locked for the moment, which it gives up where someone reads for long.
 */
function makeFunction(tables: Tables, { intervalMs }: Partitions): string {
  const { task, names } = tables;
  return `CREATE OR REPLACE FUNCTION ${partitionNames(tables).make}(deadlines float8[]) RETURNS SETOF float8 LANGUAGE plpgsql AS $$
DECLARE first float8; place text;
BEGIN
  PERFORM set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true);
  FOR first IN SELECT DISTINCT floor(d / ${intervalMs}) * ${intervalMs} FROM unnest(deadlines) d ORDER BY 1 LOOP
    place := format('%s.%I', (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = '${task}'::regclass),
      'rb_${names.task}_' || to_char(to_timestamp(first / 1000) AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI'));
    BEGIN
      IF to_regclass(place) IS NULL THEN
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS)', place, '${task}');
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', '${task}', place, first, first + ${intervalMs});
      END IF;
      RETURN NEXT first;
    EXCEPTION
      WHEN lock_not_available OR duplicate_table OR duplicate_object OR unique_violation THEN NULL;
      WHEN check_violation OR invalid_object_definition THEN RETURN NEXT first;
    END;
  END LOOP;
END$$`;
}

/** Of Celery's INSERT: an id that is there is refused as by a unique index. A row that moves, and ours, have a revision. */
function checkFunction(tables: Tables): string {
  const { task, names } = tables;
  return `CREATE OR REPLACE FUNCTION ${partitionNames(tables).check}() RETURNS trigger ${PLANNED_ONCE} AS $$
BEGIN
  ${NEEDS_READ_COMMITTED};
  PERFORM pg_advisory_xact_lock(${stripeOf(task, 'NEW.task_id')});
  IF EXISTS (SELECT FROM ${task} WHERE task_id = NEW.task_id) THEN
    RAISE unique_violation USING MESSAGE = 'duplicate key value violates unique constraint "${names.task}_task_id_key"',
      CONSTRAINT = '${names.task}_task_id_key';
  END IF;
  RETURN NEW;
END$$`;
}
