import { columnsOf, type Layout } from '../layout.js';
import type { Migration } from '../schema.js';
import type { Told, Written } from '../watch-source.js';
import { functionMark } from './inspection.js';
import { quoted, type Tables } from './tables.js';

/** Ids of one notification: of the usual 36 characters some 4,000 bytes, of the 7,999 that PostgreSQL takes. */
const PAGE = 100;
const MAX_PAYLOAD_BYTES = 7_999;
/** Columns that may hold much, of any layout. */
const LONG: readonly string[] = [
  ...['result', 'traceback', 'args', 'kwargs', 'rb_group_id', 'rb_parent_id', 'rb_children', 'rb_meta'],
  ...['meta', 'task_args', 'task_kwargs'],
];
/** Of the values that may be long, above which nobody tries to write them out. */
const MAX_VALUES_BYTES = 7_000;

/** For ids alone: whoever may connect to the database may listen there, and tell anything. */
export const channelOf = (task: string): string => `rb_${task}`;

/** What the secret channel is called: a name that nobody can guess, in a table that others may not read. */
export const SECRET_CHANNEL: RegExp = /^rb_[0-9a-f-]{36}$/;

/**
 * Triggers that tell of every write, by whomever. A single row is told as it is now, where it is small and there is the secret
 * channel; of others the ids, once per statement and page, a page that is too long for a notification without them. PostgreSQL lets
 * transactions that notify commit one after another.
 */
export function notifications(tables: Tables, layout: Layout): Migration {
  const { task, channel, names, inTaskSchema } = tables;
  const name = `rb_${names.task}_notify`;
  const trigger = (event: 'insert' | 'update'): readonly [string, string] => [
    `${name}_${event}`,
    `CREATE TRIGGER ${quoted(`${name}_${event}`)} AFTER ${event.toUpperCase()} ON ${task} REFERENCING NEW TABLE AS written ` +
      `FOR EACH STATEMENT EXECUTE FUNCTION ${inTaskSchema(name)}()`,
  ];
  const triggers = [trigger('insert'), trigger('update')];
  const body = notifyBody(tables, layout);
  // Judged by what it does, as its name stays: so replacing it takes no lock on the table.
  return {
    version: 2,
    pending: ({ objects }) => {
      const missing = triggers.filter(([name]) => !objects.has(name.toLowerCase())).map(([, sql]) => sql);
      const outdated = missing.length > 0 || !objects.has(functionMark(body));
      return [
        ...(objects.has(channel.toLowerCase())
          ? []
          : [`CREATE TABLE ${channel} AS SELECT 'rb_' || gen_random_uuid() AS channel`]),
        ...(outdated
          ? [`CREATE OR REPLACE FUNCTION ${inTaskSchema(name)}() RETURNS trigger LANGUAGE plpgsql AS $$${body}$$`]
          : []),
        ...missing,
      ];
    },
  };
}

/**
 * A notification is a list in JSON: ids, or one id, the transaction and the row. Celery inserts a task as PENDING and updates it in
 * the same transaction, which nobody else ever sees. Who writes and may not read the secret still tells ids.
 *
 * An upsert comes here twice, once without rows: hence the count first.
 */
function notifyBody({ channel, names }: Tables, layout: Layout): string {
  const long = columnsOf(layout, true)
    .filter((column) => LONG.includes(column))
    .map((column) => `coalesce(octet_length(w.${column}), 0)`);
  const small = `w.task_id IS NOT NULL AND w.status IS DISTINCT FROM 'PENDING' AND ${long.join(' + ')} <= ${MAX_VALUES_BYTES}`;
  const notify = (where: string, what: string): string => `IF pg_notify(${where}, ${what}) IS NULL THEN NULL; END IF; `;
  return (
    'DECLARE n int8; w record; secret text; told text; BEGIN SELECT count(*) INTO n FROM written; IF n = 0 THEN RETURN NULL; END IF; ' +
    `IF n = 1 AND has_table_privilege(to_regclass('${channel}'), 'SELECT') THEN SELECT * INTO w FROM written; ` +
    `IF ${small} THEN secret := (SELECT c.channel FROM ${channel} c LIMIT 1); ` +
    'told := json_build_array(w.task_id, txid_current(), row_to_json(w))::text; ' +
    `IF octet_length(told) <= ${MAX_PAYLOAD_BYTES} AND secret <> '' THEN ${notify('secret', 'told')}RETURN NULL; END IF; END IF; END IF; ` +
    'FOR told IN SELECT json_agg(task_id)::text FROM ' +
    `(SELECT task_id, (row_number() OVER () - 1) / ${PAGE} AS page FROM written WHERE task_id IS NOT NULL) ids GROUP BY page LOOP ` +
    notify(`'${channelOf(names.task)}'`, `CASE WHEN octet_length(told) <= ${MAX_PAYLOAD_BYTES} THEN told ELSE '' END`) +
    'END LOOP; RETURN NULL; END'
  );
}

/**
 * @param secret Whether it came over the secret channel; else anybody may have said so.
 *
 * Errors: SyntaxError for what is no JSON.
 */
export function hear(payload: string | undefined, secret: boolean, told: Told): void {
  if (!payload) told.any();
  else if (!secret || !payload.endsWith('}]')) told.wrote(JSON.parse(payload) as string[]);
  // Most are of tasks that nobody here watches, and need not be read as a whole.
  else if (told.isWatched(idOf(payload))) {
    const [taskId, transaction, row] = JSON.parse(payload) as [string, number, Written['row']];
    told.row({ taskId, transaction, row });
  }
}

/** What a list begins with. */
function idOf(payload: string): string {
  const id = payload.slice(2, payload.indexOf('"', 2));
  // With characters that JSON writes as others it ends further on.
  return id.includes('\\') ? (JSON.parse(payload) as [string])[0] : id;
}
