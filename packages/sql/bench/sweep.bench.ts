/** A million expired rows are removed while others write: how long it takes, and how long the writers wait. */
import { randomUUID } from 'node:crypto';
import { latenciesDuring, latenciesFor, say, sayLatencies, sayTime } from '@rb/bench';
import { start } from '@rb/servers/start';
import { postgresStore } from '@rb/sql/postgres';
import pg from 'pg';

const ROWS = 1_000_000;
/** Rows of one sweep. */
const LIMIT = 5_000;

const server = await start('postgres');
if ('missing' in server) throw new Error(server.missing);
const store = postgresStore({ url: server.url });
await store.get(['a']);
const admin = new pg.Client({ connectionString: server.url });
await admin.connect();
await admin.query(
  `INSERT INTO celery_taskmeta (id, task_id, status, result, date_done, rb_expires_at, rb_revision)
    SELECT nextval('task_id_sequence'), gen_random_uuid(), 'SUCCESS', '\\x80047d942e', now() - interval '1 day', n, 1
    FROM generate_series(1, ${ROWS}) n`,
);
await admin.query('VACUUM ANALYZE celery_taskmeta');

const write = () => {
  const record = { taskId: randomUUID(), state: 'SUCCESS', result: 1, traceback: null, doneAt: Date.now(), meta: {} };
  return store.put([{ ...record, expiresAt: Date.now() + 86_400_000 }]);
};

sayLatencies('alone', await latenciesFor(5_000, write));
let removed = 0;
const sweep = async (): Promise<void> => {
  for (let last = LIMIT; last === LIMIT; removed += last) last = (await store.expiry?.sweep?.(LIMIT)) ?? 0;
};
const meanwhile = await latenciesDuring(() => sayTime(`sweeping ${LIMIT} at a time`, sweep), write);
say(`${removed} rows swept`);
sayLatencies('meanwhile', meanwhile);

await store.close();
await admin.end();
await server[Symbol.asyncDispose]();
