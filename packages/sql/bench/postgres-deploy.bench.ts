/** A large table of Celery's gets this package's columns and indexes while others write: how long it takes, and how long they wait. */
import { randomUUID } from 'node:crypto';
import { latenciesDuring, latenciesFor, say, sayLatencies, sayTime } from '@rb/bench';
import { start } from '@rb/servers/start';
import { postgresSchema, postgresStore } from '@rb/sql/postgres';
import pg from 'pg';

const { RB_BENCH_ROWS: ROWS = '10000000' } = process.env;

// A tenth of what the table takes, as it may be in production.
const server = await start('postgres', { config: { shared_buffers: '256MB', max_wal_size: '4GB' } });
if ('missing' in server) throw new Error(server.missing);
const { url } = server;
const plain = postgresStore({ url, layout: 'celery' });
await plain.get(['a']); // Makes the tables as Celery does.
await plain.close();
const admin = new pg.Client(url);
await admin.connect();
await sayTime(`filling a table with ${ROWS} rows`, () =>
  admin.query(`INSERT INTO celery_taskmeta (id, task_id, status, result, date_done)
    SELECT nextval('task_id_sequence'), gen_random_uuid(), 'SUCCESS', '\\x80047d942e', now() - n * interval '1 second'
    FROM generate_series(1, ${ROWS}) n`),
);
await admin.query('VACUUM ANALYZE celery_taskmeta');

/** As Celery does it: a row when the task starts, and a change when it has ended. */
const write = async (): Promise<void> => {
  const id = randomUUID();
  await admin.query(
    "INSERT INTO celery_taskmeta (id, task_id, status) VALUES (nextval('task_id_sequence'), $1, 'STARTED')",
    [id],
  );
  await admin.query("UPDATE celery_taskmeta SET status = 'SUCCESS', date_done = now() WHERE task_id = $1", [id]);
};

sayLatencies('before', await latenciesFor(10_000, write));
const store = postgresStore({ url });
sayLatencies('meanwhile', await latenciesDuring(() => sayTime('first use', () => store.get(['a'])), write));
const schema = postgresSchema({ url });
sayLatencies('meanwhile', await latenciesDuring(() => sayTime('deploy', () => schema.deploy()), write));
say(JSON.stringify(await schema.status()));
sayLatencies('afterwards', await latenciesFor(10_000, write));

await store.close();
await admin.end();
await server[Symbol.asyncDispose]();
