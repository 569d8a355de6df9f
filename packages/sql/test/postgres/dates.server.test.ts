import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

/** Of a session as a database may set them for all: dates of another style, numbers with fewer digits. */
const SETTINGS = ["DateStyle TO 'SQL, DMY'", 'extra_float_digits TO 0', "TimeZone TO 'Asia/Kathmandu'"];

it('reads dates to the microsecond, whatever the settings of the session', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of SETTINGS) await database.admin.query(`ALTER DATABASE ${name} SET ${setting}`);
  const store = postgresStore({ url: database.url });
  const records = [Date.UTC(2026, 10, 30, 16, 5, 59) + 123.457, Date.UTC(1969, 6, 20) + 0.001, Date.UTC(2026, 0)].map(
    (doneAt, i) => record(`r${i}`, 'SUCCESS', { doneAt }),
  );
  await store.put(records);
  expect(await store.get(records.map(({ taskId }) => taskId))).toEqual(records);
  await store.close();
});

it('refuses a date that Python has not, takes an infinite one for none, and reads what is beside them', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  const dates = ['0044-03-15 12:00:00 BC', '12000-01-01', 'infinity', '-infinity'];
  await store.put([...dates.keys(), 4].map((i) => record(`r${i}`)));
  for (const [i, date] of dates.entries())
    await database.admin.query('UPDATE celery_taskmeta SET date_done = $1 WHERE task_id = $2', [date, `r${i}`]);
  const read = await store.get(['r0', 'r1', 'r2', 'r3', 'r4']);
  expect(read.slice(0, 2)).toMatchObject([1, 2].map(() => ({ refused: { code: 'RB_DECODE' } })));
  expect(read.slice(2)).toEqual([...[2, 3].map((i) => record(`r${i}`, 'SUCCESS', { doneAt: null })), record('r4')]);
  // Before a task is ready its date means nothing.
  await database.admin.query("UPDATE celery_taskmeta SET status = 'STARTED'");
  expect(await store.get(['r0'])).toMatchObject([{ state: 'STARTED', doneAt: null }]);
  await store.close();
});
