/** A million expired rows are removed while others write: how long it takes, and how long the writers wait. */
import { randomUUID } from 'node:crypto';
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

/** Milliseconds of puts one after the other, until told to end. */
async function writes(ended: () => boolean): Promise<readonly number[]> {
  const took: number[] = [];
  while (!ended()) {
    const begin = performance.now();
    const taskId = randomUUID();
    const record = { taskId, state: 'SUCCESS', result: 1, traceback: null, doneAt: Date.now(), meta: {} };
    await store.put([{ ...record, expiresAt: Date.now() + 86_400_000 }]);
    took.push(performance.now() - begin);
  }
  return took.toSorted((a, b) => a - b);
}

const say = (when: string, took: readonly number[]): void => {
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? took.at(-1) ?? 0).toFixed(2);
  process.stdout.write(`${when}: ${took.length} writes, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms\n`);
};

const quietUntil = performance.now() + 5_000;
say('alone', await writes(() => performance.now() > quietUntil));

let removed = 0;
let done = false;
const begin = performance.now();
const writing = writes(() => done);
for (let last = LIMIT; last === LIMIT; removed += last) last = (await store.expiry?.sweep?.(LIMIT)) ?? 0;
done = true;
process.stdout.write(
  `${removed} rows swept in ${((performance.now() - begin) / 1_000).toFixed(1)} s, ${LIMIT} at a time\n`,
);
say('meanwhile', await writing);

await store.close();
await admin.end();
await server[Symbol.asyncDispose]();
