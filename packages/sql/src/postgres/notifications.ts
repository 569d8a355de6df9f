import type { Migration } from '../schema.js';
import { quoted, type Tables } from './tables.js';

/** Ids of one notification: of the usual 36 characters some 4,000 bytes, of the 7,999 that PostgreSQL takes. */
const PAGE = 100;
const MAX_PAYLOAD_BYTES = 7_999;

/** Tables of the same name in several schemas share it: an id that nobody watches is passed over. */
export const channelOf = (task: string): string => `rb_${task}`;

/**
 * Triggers that tell of every write, by whomever, once per statement and page of ids. A page that is too long for a
 * notification is told without ids. PostgreSQL lets transactions that notify commit one after another.
 */
export function notifications({ task, names, inTaskSchema }: Tables): Migration {
  const name = `rb_${names.task}_notify`;
  const trigger = (event: 'insert' | 'update'): readonly [string, string] => [
    `${name}_${event}`,
    `CREATE TRIGGER ${quoted(`${name}_${event}`)} AFTER ${event.toUpperCase()} ON ${task} REFERENCING NEW TABLE AS written ` +
      `FOR EACH STATEMENT EXECUTE FUNCTION ${inTaskSchema(name)}()`,
  ];
  const triggers = [trigger('insert'), trigger('update')];
  return {
    version: 2,
    pending: ({ objects }) => {
      const missing = triggers.filter(([name]) => !objects.has(name.toLowerCase())).map(([, sql]) => sql);
      return missing.length === 0 ? [] : [notifyFunction(inTaskSchema(name), channelOf(names.task)), ...missing];
    },
  };
}

const notifyFunction = (name: string, channel: string): string =>
  `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$DECLARE ids text; BEGIN ` +
  'FOR ids IN SELECT json_agg(task_id)::text FROM ' +
  `(SELECT task_id, (row_number() OVER () - 1) / ${PAGE} AS page FROM written WHERE task_id IS NOT NULL) w GROUP BY page LOOP ` +
  `PERFORM pg_notify('${channel}', CASE WHEN octet_length(ids) <= ${MAX_PAYLOAD_BYTES} THEN ids ELSE '' END); ` +
  'END LOOP; RETURN NULL; END$$';
