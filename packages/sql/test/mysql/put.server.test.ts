import { isResultError } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import mysql from 'mysql2/promise';
import { expect } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

const applied = { applied: true };
const left = { applied: false, state: 'SUCCESS' };

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);

  it(`${service}: says of each record of a batch whether it was written, where a SUCCESS is among them`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    let now = Date.now();
    const store = mysqlStore({ url: database.url, now: () => now });
    const batch = ['a', 'b', 'c'].map((id) => record(id, 'STARTED'));
    expect(await store.put(batch)).toEqual([applied, applied, applied]);
    expect(await store.put([record('b', 'SUCCESS', { expiresAt: now + 1_000 })])).toEqual([applied]);
    expect(await store.put(batch)).toEqual([applied, left, applied]);
    expect(await store.put([record('b', 'FAILURE')])).toEqual([left]);
    // The same id again and again has the effect of one put after another.
    expect(await store.put([record('c', 'STARTED'), record('c'), record('c', 'FAILURE')])).toEqual([
      applied,
      applied,
      left,
    ]);
    now += 1_000;
    expect(await store.put(batch)).toEqual([applied, applied, left]);
    expect(await store.get(['b', 'c'])).toMatchObject([{ state: 'STARTED' }, { state: 'SUCCESS' }]);
    await store.close();
  });

  it(`${service}: forgets with a rewrite what only the record before had`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    const full = { name: 'n', args: [1], kwargs: {}, worker: 'w', retries: 1, queue: 'q', groupId: 'g', stamp: 's' };
    const plain = record('a', 'STARTED');
    for (const others of [[], [record('b', 'STARTED')]]) {
      await store.put([
        record('a', 'RETRY', { meta: full, traceback: 't', expiresAt: Date.now() + 60_000 }),
        ...others,
      ]);
      await store.put([plain, ...others]);
      expect(await store.get(['a'])).toEqual([plain]);
    }
    await store.close();
  });

  it(`${service}: reads and deletes more ids than fit into a packet`, { timeout: 60_000 }, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    await store.put([record('first'), record('last')]);
    // Of MariaDB's, which takes 16 MiB where MySQL takes 64.
    const others = Array.from({ length: 110_000 }, (_, n) => String(n).padStart(155, 'x'));
    const ids = ['first', ...others, 'last', 'first'];
    const found = await store.get(ids);
    expect(found).toHaveLength(ids.length);
    expect([found[0], found.at(-2), found.at(-1)]).toEqual([record('first'), record('last'), record('first')]);
    expect(found.filter((outcome) => outcome !== undefined)).toHaveLength(3);
    expect(await store.delete(ids)).toBe(2);
    await store.close();
  });

  it(`${service}: Celery's way of writing beside ours loses no SUCCESS of ours and surfaces no deadlock`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    await store.get([]);
    const celery = mysql.createPool({ uri: database.url, connectionLimit: 4 });
    const ids = Array.from({ length: 30 }, (_, i) => `t${i}`);
    const rounds = Array.from({ length: 6 }, (_, n) => n);
    const python = rounds.map(async (n) => {
      for (const id of n % 2 ? ids : ids.toReversed()) await asCelery(celery, id);
    });
    const ours = rounds.map((n) => store.put(ids.map((id) => record(id, n === 5 ? 'SUCCESS' : 'STARTED'))));
    for (const outcomes of await Promise.all(ours)) expect(outcomes).toHaveLength(ids.length);
    await Promise.all(python);
    // Celery overwrites what it finds; what Node finds to be a SUCCESS stays.
    await store.put(ids.map((id) => record(id)));
    expect(await store.put(ids.map((id) => record(id, 'FAILURE')))).toEqual(ids.map(() => left));
    await celery.end();
    await store.close();
  });

  it(`${service}: serves twenty callers of one batch in opposite orders`, async ({ server }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url });
    const ids = Array.from({ length: 200 }, (_, i) => `t${i}`);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.put((n % 2 ? ids : ids.toReversed()).map((id) => record(id)))),
    );
    const wins = outcomes.flat().filter((outcome) => 'applied' in outcome && outcome.applied);
    expect(wins).toHaveLength(ids.length);
    await store.close();
  });
}

/** SELECT, then INSERT or UPDATE, then COMMIT, as SQLAlchemy has it; what loses a race is tried again, as Celery does. */
async function asCelery(pool: mysql.Pool, id: string): Promise<void> {
  const connection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    const [rows] = await connection.query('SELECT id FROM celery_taskmeta WHERE task_id = ?', [id]);
    if ((rows as unknown[]).length > 0)
      await connection.query(
        "UPDATE celery_taskmeta SET status = 'STARTED' WHERE task_id = ? AND status <> 'SUCCESS'",
        [id],
      );
    await connection.commit();
  } catch (error) {
    if (isResultError(error)) throw error;
    await connection.rollback();
  } finally {
    connection.release();
  }
}
