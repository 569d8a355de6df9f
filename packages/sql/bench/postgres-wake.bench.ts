/** From a write to whoever waits for it: by LISTEN, against bare pg's NOTIFY to bare pg's LISTEN. */
import { randomUUID } from 'node:crypto';
import { bench } from '@rb/bench';
import { createResultBackend, type TaskRecord } from '@rb/core';
import { start } from '@rb/servers/start';
import { postgresStore } from '@rb/sql/postgres';
import pg from 'pg';

const server = await start('postgres');
if ('missing' in server) throw new Error(server.missing);

/** A poll that never comes, so that all that is measured was told. */
const options = { url: server.url, listen: true, pollMs: 600_000 };
const [reader, writer] = [postgresStore(options), postgresStore(options)];
const [waiting, storing] = [createResultBackend(reader), createResultBackend(writer)];

const listener = new pg.Client({ connectionString: server.url });
const notifier = new pg.Client({ connectionString: server.url });
await Promise.all([listener.connect(), notifier.connect()]);
const client = new pg.Client({ connectionString: server.url });
await client.connect();
let heard: () => void = () => undefined;
listener.on('notification', () => heard());
const nextHeard = (): Promise<void> =>
  new Promise((resolve) => {
    heard = resolve;
  });

let told: (record: TaskRecord) => void = () => undefined;
const watched = randomUUID();
const subscription = reader.notify?.subscribe({
  record: (outcome) => told(outcome as TaskRecord),
  gap: () => undefined,
});
await subscription?.add([watched]);
let progress = 0;

/** A table of its own with our triggers, so that neither listener hears of what is not its own. */
const hand = postgresStore({ ...options, tables: { task: 'by_hand', group: 'by_hand_groups' } });
await hand.put([
  { taskId: 'by hand', state: 'PROGRESS', result: 0, traceback: null, doneAt: null, meta: {}, expiresAt: null },
]);
const { rows } = await client.query('SELECT channel FROM rb_by_hand_channel');
await listener.query(`LISTEN raw; LISTEN "${rows[0].channel}"`);
const byHand = {
  name: 'update',
  text: 'UPDATE by_hand SET status = $2, rb_revision = rb_revision + 1 WHERE task_id = $1',
  values: ['by hand', 'PROGRESS'],
};
const select = { name: 'select', text: 'SELECT * FROM by_hand WHERE task_id = $1', values: ['by hand'] };

await bench('postgres-wake', {
  raw: {
    name: 'pg: NOTIFY to LISTEN',
    async run() {
      const notified = nextHeard();
      await notifier.query("SELECT pg_notify('raw', $1)", [watched]);
      await notified;
    },
  },
  tasks: [
    {
      name: 'pg: by hand, UPDATE, LISTEN, SELECT',
      async run() {
        const notified = nextHeard();
        await notifier.query(byHand);
        await notified;
        await client.query(select);
      },
    },
    {
      name: 'pg: by hand, UPDATE, LISTEN',
      async run() {
        const notified = nextHeard();
        await notifier.query(byHand);
        await notified;
      },
    },
    {
      name: 'put of a watched task',
      async run() {
        progress += 1;
        const news = new Promise((resolve) => {
          told = resolve;
        });
        await writer.put([
          {
            taskId: watched,
            state: 'PROGRESS',
            result: progress,
            traceback: null,
            doneAt: null,
            meta: {},
            expiresAt: null,
          },
        ]);
        await news;
      },
    },
    {
      name: 'backend wait and store, a new task',
      async run() {
        const taskId = randomUUID();
        const done = waiting.wait(taskId);
        await storing.store(taskId, 'SUCCESS', 1);
        await done;
      },
    },
  ],
});

await Promise.all([waiting.close(), storing.close(), hand.close(), listener.end(), notifier.end(), client.end()]);
await server[Symbol.asyncDispose]();
