import type { SchemaDialect } from '../dialect.js';
import type { Statement } from '../executor.js';
import { additionsOf, type Layout } from '../layout.js';
import { type Found, type Migration, OF_DJANGO } from '../schema.js';
import { createIndex, dateIndex, indexesOf, stepsOf } from './indexes.js';
import { inspection } from './inspection.js';
import { locking } from './locking.js';
import { notifications } from './notifications.js';
import { partitionedTable, partitionTrigger } from './partition-tables.js';
import { celeryDeadline, checkLayout, type Partitions } from './partitions.js';
import { quoted, type Tables } from './tables.js';

/** Columns added to Celery's task table: nullable and without defaults, so that a table of any size takes them at once. */
const TASK_ADDITIONS: Readonly<Record<string, string>> = {
  // Counts the writes to a row, whoever makes them; see the trigger below.
  rb_revision: 'BIGINT',
  // Unix milliseconds, as JavaScript has them.
  rb_expires_at: 'DOUBLE PRECISION',
  // When a put of this package wrote the row last, or retention first saw it: see docs/retention.md.
  rb_updated_at: 'DOUBLE PRECISION',
  rb_group_id: 'TEXT',
  rb_parent_id: 'TEXT',
  rb_children: 'TEXT',
  rb_meta: 'TEXT',
};

/** Columns added to Celery's group table: deadline, distinct members, how many have reported. */
const GROUP_ADDITIONS = { rb_expires_at: 'DOUBLE PRECISION', rb_size: 'INTEGER', rb_reported: 'INTEGER' };

/** Celery's tables, or none where Django makes them; then this package's additions unless the layout is to be exactly theirs. */
export function postgresSchemaDialect(
  tables: Tables,
  layout: Layout,
  extended: boolean,
  notifies: boolean,
  partitions?: Partitions,
): SchemaDialect {
  return {
    migrations: [
      layout.django ? OF_DJANGO : celeryTables(tables, partitions),
      ...(extended ? [additions(tables, layout, partitions)] : []),
      ...(extended && notifies ? [notifications(tables, layout)] : []),
    ],
    taskTable: tables.task,
    groupTable: tables.group,
    versionTable: tables.versions,
    django: layout.django,
    ...inspection(tables, layout),
    ...locking(tables),
    version: () => ({
      sql: `SELECT version FROM ${tables.versions} WHERE task_table = $1`,
      params: [tables.names.task],
    }),
    record: (version) => (extended ? [recordVersion(tables, version)] : []),
  };
}

const recordVersion = ({ versions, names }: Tables, version: number): Statement => ({
  sql: `INSERT INTO ${versions} AS v (task_table, version) VALUES ($1, $2::int)
    ON CONFLICT (task_table) DO UPDATE SET version = greatest(v.version, excluded.version)`,
  params: [names.task, version],
});

/** Word for word what SQLAlchemy emits for Celery, but for the quotes. Source: vectors, `sql-ddl-and-statements.json`. */
function celeryTables(all: Tables, partitions?: Partitions): Migration {
  const { task, group, taskSequence, groupSequence, names, inTaskSchema, inGroupSchema } = all;
  const columns = `
	id INTEGER NOT NULL, 
	task_id VARCHAR(155), 
	status VARCHAR(50), 
	result BYTEA, 
	date_done TIMESTAMP WITHOUT TIME ZONE, 
	traceback TEXT, 
	name VARCHAR(155), 
	args BYTEA, 
	kwargs BYTEA, 
	worker VARCHAR(155), 
	retries INTEGER, 
	queue VARCHAR(155)`;
  const plain = `CREATE TABLE ${task} (${columns}, 
	PRIMARY KEY (id), 
	UNIQUE (task_id)
)`;
  const tables = {
    [task]: [
      ...(partitions ? partitionedTable(all, partitions, columns) : [plain]),
      createIndex(dateIndex(task, names.task, inTaskSchema)),
    ],
    [group]: [
      `CREATE TABLE ${group} (
	id INTEGER NOT NULL, 
	taskset_id VARCHAR(155), 
	result BYTEA, 
	date_done TIMESTAMP WITHOUT TIME ZONE, 
	PRIMARY KEY (id), 
	UNIQUE (taskset_id)
)`,
      createIndex(dateIndex(group, names.group, inGroupSchema)),
    ],
  };
  return {
    version: 1,
    pending(found) {
      checkLayout(all, found, partitions);
      return [
        // Two pairs of tables in one schema share them.
        ...[taskSequence, groupSequence]
          .filter((sequence) => !found.objects.has(sequence.toLowerCase()))
          .map((sequence) => `CREATE SEQUENCE ${sequence}`),
        ...Object.entries(tables).flatMap(([table, sql]) => (found.columns.has(table) ? [] : sql)),
      ];
    },
  };
}

function additions(tables: Tables, layout: Layout, partitions?: Partitions): Migration {
  const { task, group, members, versions, names } = tables;
  const missing = ({ columns }: Found, table: string, wanted: Readonly<Record<string, string>>): string[] =>
    Object.entries(wanted)
      .filter(([column]) => !columns.get(table)?.has(column))
      .map(([column, type]) => `ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
  // The key of a partitioned table comes with it.
  const columns = Object.fromEntries(
    Object.entries(additionsOf(layout, TASK_ADDITIONS)).filter(([column]) => !partitions || column !== 'rb_expires_at'),
  );
  const triggers: Readonly<Record<string, readonly string[]>> = {
    ...(partitions && partitionTrigger(tables, partitions)),
    [`rb_${names.task}_rewritten`]: rewrittenTrigger(tables, layout, partitions),
    [`rb_${names.group}_deleted`]: deletedTrigger(tables),
  };
  return {
    version: 2,
    pending: (found) => [
      ...missing(found, task, columns),
      ...missing(found, group, GROUP_ADDITIONS),
      ...(found.columns.has(members) ? [] : [membersTable(members)]),
      ...(found.columns.has(versions) ? [] : [versionTable(versions)]),
      ...Object.entries(triggers)
        .filter(([name]) => !found.objects.has(name.toLowerCase()))
        .flatMap(([, sql]) => sql),
      ...indexesOf(tables, layout)
        .filter(({ name }) => !partitions || name !== `rb_${names.task}_expires_at`)
        .flatMap((index) => stepsOf(index, found)),
    ],
  };
}

const membersTable = (members: string): string =>
  // reported: the transaction that counted the member.
  `CREATE TABLE ${members} (group_row BIGINT NOT NULL, task_id TEXT NOT NULL, reported BIGINT, PRIMARY KEY (group_row, task_id))`;

const versionTable = (versions: string): string =>
  `CREATE TABLE IF NOT EXISTS ${versions} (task_table TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`;

/**
 * Celery rewrites a row by an UPDATE of its own columns, which would leave the deadline, the children ... of the record
 * before. Our statements change rb_revision and Celery's do not: that tells them apart, whatever else they set.
 */
function rewrittenTrigger(
  { task, names, inTaskSchema }: Tables,
  layout: Layout,
  partitions?: Partitions,
): readonly string[] {
  const watched = layout.columns.filter((column) => !layout.recent.has(column));
  const additions = Object.keys(additionsOf(layout, TASK_ADDITIONS)).filter((column) => column !== 'rb_revision');
  const anew = (column: string): string =>
    partitions && column === 'rb_expires_at' ? celeryDeadline(partitions) : 'NULL';
  const name = `rb_${names.task}_rewritten`;
  return [
    `CREATE OR REPLACE FUNCTION ${inTaskSchema(name)}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ` +
      `NEW.rb_revision := coalesce(OLD.rb_revision, 0) + 1; ${additions.map((column) => `NEW.${column} := ${anew(column)};`).join(' ')} RETURN NEW; END$$`,
    `CREATE TRIGGER ${quoted(name)} BEFORE UPDATE OF ${watched.join(', ')} ON ${task} FOR EACH ROW ` +
      `WHEN (NEW.rb_revision IS NOT DISTINCT FROM OLD.rb_revision) EXECUTE FUNCTION ${inTaskSchema(name)}()`,
  ];
}

/** A group may also be deleted by Celery. */
function deletedTrigger({ group, members, names, inGroupSchema }: Tables): readonly string[] {
  const name = `rb_${names.group}_deleted`;
  return [
    `CREATE OR REPLACE FUNCTION ${inGroupSchema(name)}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ` +
      `DELETE FROM ${members} WHERE group_row = OLD.id; RETURN NULL; END$$`,
    `CREATE TRIGGER ${quoted(name)} AFTER DELETE ON ${group} FOR EACH ROW EXECUTE FUNCTION ${inGroupSchema(name)}()`,
  ];
}
