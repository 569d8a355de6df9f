/** The SQLite store against bare better-sqlite3 on the same table with the same rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bench } from '@rb/bench';
import { createResultBackend, type TaskRecord } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { sqliteStore } from '@rb/sql/sqlite';
import Database from 'better-sqlite3';
import { BATCH, DAY_MS, newIds, recordOf, VALUE } from './records.ts';

const expiresAt = Date.now() + DAY_MS;
const COLUMNS = ['task_id', 'status', 'result', 'date_done', 'traceback', 'rb_revision', 'rb_expires_at'];

const folder = mkdtempSync(join(tmpdir(), 'rb-bench-'));
const open = async (name: string) => {
  const filename = join(folder, name);
  const store = sqliteStore({ filename });
  await store.get([]); // Makes the tables.
  const raw = new Database(filename);
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = NORMAL');
  return { store, raw };
};

const record = (taskId: string): TaskRecord => recordOf(taskId, expiresAt);

const insertInto = (raw: Database.Database) =>
  raw.prepare(`INSERT INTO celery_taskmeta (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`);

// Bytes as the store makes them, so that both write the same.
const model = await open('model.db');
await model.store.put([record('model')]);
const { result } = model.raw.prepare('SELECT result FROM celery_taskmeta').get() as { result: Buffer };
const rowOf = (id: string) => [id, 'SUCCESS', result, '2026-11-22 17:03:59.460545', null, 1, expiresAt];

const writes = { raw: await open('raw.db'), store: await open('store.db'), backend: await open('backend.db') };
const insert = insertInto(writes.raw.raw);
const insertAll = writes.raw.raw.transaction((rows: readonly unknown[][]) => rows.map((row) => insert.run(row)));
const backend = createResultBackend(writes.backend.store);
let records: TaskRecord[] = [];
let rows: unknown[][] = [];
let ids: string[] = [];

await bench('sqlite-put', {
  raw: {
    name: 'better-sqlite3: INSERT in one transaction',
    opsPerIteration: BATCH,
    before: () => {
      rows = newIds(BATCH).map(rowOf);
    },
    run: () => insertAll.immediate(rows),
  },
  tasks: [
    {
      name: 'sqliteStore put',
      opsPerIteration: BATCH,
      before: () => {
        records = newIds(BATCH).map(record);
      },
      run: () => writes.store.store.put(records),
    },
    {
      name: `backend store, ${BATCH} at once`,
      opsPerIteration: BATCH,
      before: () => {
        ids = newIds(BATCH);
      },
      run: () => Promise.all(ids.map((id) => backend.store(id, 'SUCCESS', VALUE))),
    },
  ],
});

const reads = await open('reads.db');
const known = Array.from({ length: 20 }, () => newIds(BATCH));
const load = insertInto(reads.raw);
reads.raw.transaction(() => known.flat().map((id) => load.run(rowOf(id))))();
const readBackend = createResultBackend(reads.store);
// Ids as one parameter, as the store sends them: the statement is the same whatever their number.
const select = reads.raw.prepare('SELECT * FROM celery_taskmeta WHERE task_id IN (SELECT value FROM json_each(?))');
const one = reads.raw.prepare('SELECT * FROM celery_taskmeta WHERE task_id = ?');
const readByHand = (): unknown[] => {
  const rows = select.all(JSON.stringify(ids)) as { result: unknown }[];
  for (const row of rows) row.result = pickle.decode(row.result as Buffer);
  return rows;
};
let round = 0;
const next = (): void => {
  ids = known[round++ % known.length] ?? [];
};
const get = (name: string, run: () => unknown) => ({ name, opsPerIteration: BATCH, before: next, run });

// Raw is what a user would write by hand: all columns of the rows, and the value unpickled in place.
await bench('sqlite-get', {
  raw: get('better-sqlite3: one SELECT, results unpickled', readByHand),
  tasks: [
    get('better-sqlite3: one SELECT, nothing decoded', () => select.all(JSON.stringify(ids))),
    get('better-sqlite3: SELECT one by one, nothing decoded', () => ids.map((id) => one.get(id))),
    get('sqliteStore get', () => reads.store.get(ids)),
    get(`backend getMany of ${BATCH}`, () => readBackend.getMany(ids)),
    get(`backend get, ${BATCH} at once`, () => Promise.all(ids.map((id) => readBackend.get(id)))),
  ],
});

for (const { store, raw } of [model, reads, ...Object.values(writes)]) {
  await store.close();
  raw.close();
}
rmSync(folder, { recursive: true });
