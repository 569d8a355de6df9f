/** The PostgreSQL store against bare pg. */
import { start } from '@rb/servers/start';
import { postgresStore } from '@rb/sql/postgres';
import pg from 'pg';
import { compareWithDriver } from './driver.ts';
import { DAY_MS } from './records.ts';

const server = await start('postgres');
if ('missing' in server) throw new Error(server.missing);
const { url } = server;

const bare = new pg.Pool({ connectionString: url });
const model = postgresStore({ url });
await model.get([]); // Makes the tables.
await model.close();
// The same indexes, and neither triggers nor conditions.
await bare.query('CREATE TABLE raw_taskmeta (LIKE celery_taskmeta INCLUDING ALL)');
await bare.query('CREATE SEQUENCE raw_sequence');

const CONFLICT = `ON CONFLICT (task_id) DO UPDATE SET status = excluded.status, result = excluded.result,
  date_done = excluded.date_done, rb_expires_at = excluded.rb_expires_at`;
const COLUMNS = '(id, task_id, status, result, date_done, rb_expires_at)';
const DATE = '2026-11-22 17:03:59.460545';
const expiresAt = Date.now() + DAY_MS;

await compareWithDriver(
  'postgres',
  {
    name: 'pg',
    upsert: (ids, result) =>
      bare.query({
        name: 'upsert',
        text: `INSERT INTO raw_taskmeta ${COLUMNS} SELECT nextval('raw_sequence'), *
          FROM unnest($1::text[], $2::text[], $3::bytea[], $4::timestamp[], $5::float8[]) ${CONFLICT}`,
        values: [ids, ids.map(() => 'SUCCESS'), ids.map(() => result), ids.map(() => DATE), ids.map(() => expiresAt)],
      }),
    upsertOne: (id, result) =>
      bare.query({
        name: 'one',
        text: `INSERT INTO raw_taskmeta ${COLUMNS} VALUES (nextval('raw_sequence'), $1, $2, $3, $4, $5) ${CONFLICT}`,
        values: [id, 'SUCCESS', result, DATE, expiresAt],
      }),
    select: async (columns, ids) => {
      const text = `SELECT ${columns} FROM raw_taskmeta WHERE task_id = ANY($1)`;
      return (await bare.query({ name: columns, text, values: [ids] })).rows;
    },
  },
  (table) => postgresStore({ url, tables: { task: table, group: `${table}_groups` } }),
);

await bare.end();
await server[Symbol.asyncDispose]();
