/** The MySQL store against bare mysql2; RB_BENCH_SERVER=mariadb takes MariaDB. */
import { start } from '@rb/servers/start';
import { mysqlStore } from '@rb/sql/mysql';
import mysql from 'mysql2/promise';
import { compareWithDriver } from './driver.ts';
import { DAY_MS } from './records.ts';

const service = process.env.RB_BENCH_SERVER === 'mariadb' ? 'mariadb' : 'mysql';
const server = await start(service);
if ('missing' in server) throw new Error(server.missing);
const { url } = server;

const bare = mysql.createPool({ uri: url, dateStrings: true });
const model = mysqlStore({ url });
await model.get([]); // Makes the tables.
await model.close();
await bare.query('CREATE TABLE raw_taskmeta LIKE celery_taskmeta');

// MariaDB's ids come from the sequence, as Celery's do.
const sequence = service === 'mariadb' ? [mysql.raw('NEXTVAL(task_id_sequence)')] : [];
const expiresAt = Date.now() + DAY_MS;
const rowOf = (id: string, result: Buffer) => [id, 'SUCCESS', result, '2026-11-22 17:03:59', null, expiresAt];
const upsertOf = (rows: string): string =>
  `INSERT INTO raw_taskmeta (${sequence.length > 0 ? 'id, ' : ''}task_id, status, result, date_done, traceback, rb_expires_at) VALUES ${rows}
    ON DUPLICATE KEY UPDATE status = VALUES(status), result = VALUES(result), date_done = VALUES(date_done),
    traceback = VALUES(traceback), rb_expires_at = VALUES(rb_expires_at)`;
const oneRow = sequence.length > 0 ? '(NEXTVAL(task_id_sequence), ?, ?, ?, ?, ?, ?)' : '(?, ?, ?, ?, ?, ?)';

await compareWithDriver(
  service,
  {
    name: 'mysql2',
    upsert: (ids, result) => bare.query(upsertOf('?'), [ids.map((id) => [...sequence, ...rowOf(id, result)])]),
    upsertOne: (id, result) => bare.execute(upsertOf(oneRow), rowOf(id, result)),
    select: async (columns, ids) =>
      (await bare.query(`SELECT ${columns} FROM raw_taskmeta WHERE task_id IN (?)`, [ids]))[0],
  },
  (table) => mysqlStore({ url, tables: { task: table, group: `${table}_groups` } }),
);

await bare.end();
await server[Symbol.asyncDispose]();
