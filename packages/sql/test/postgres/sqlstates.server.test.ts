import { createResultBackend, type ResultStore } from '@rb/core';
import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { postgresSchema, postgresStore } from '../../src/postgres/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt } from './database.js';

const it = await serverTest('postgres');

/** What the server itself raises is raised here by a trigger, so that a full disk need not be filled. */
const RAISE = `CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
    IF NEW.traceback IS NOT NULL THEN RAISE EXCEPTION 'secret of %', NEW.task_id USING ERRCODE = NEW.traceback; END IF;
    RETURN NEW; END$$;
  CREATE TRIGGER raise BEFORE INSERT ON celery_taskmeta FOR EACH ROW EXECUTE FUNCTION raise()`;

/** SQLSTATE, our code, whether to try again. */
const STATES = [
  ['0A000', 'RB_UNSUPPORTED', false],
  ['26000', 'RB_UNSUPPORTED', false],
  ['42P05', 'RB_UNSUPPORTED', false],
  ['22001', 'RB_TOO_LARGE', false],
  ['22021', 'RB_ENCODE', false],
  ['22P05', 'RB_ENCODE', false],
  ['25006', 'RB_UNAVAILABLE', true],
  ['28000', 'RB_DENIED', false],
  ['28P01', 'RB_DENIED', false],
  ['3D000', 'RB_SCHEMA', false],
  ['3F000', 'RB_SCHEMA', false],
  ['40001', 'RB_UNAVAILABLE', true],
  ['40P01', 'RB_UNAVAILABLE', true],
  ['42501', 'RB_DENIED', false],
  ['42P01', 'RB_SCHEMA', false],
  ['42P10', 'RB_SCHEMA', false],
  ['42703', 'RB_SCHEMA', false],
  ['42883', 'RB_SCHEMA', false],
  ['53000', 'RB_UNAVAILABLE', true],
  ['53100', 'RB_UNAVAILABLE', true],
  ['53200', 'RB_UNAVAILABLE', true],
  ['53300', 'RB_UNAVAILABLE', true],
  ['54000', 'RB_TOO_LARGE', false],
  ['55006', 'RB_UNAVAILABLE', true],
  ['55P03', 'RB_UNAVAILABLE', true],
  ['57014', 'RB_UNAVAILABLE', true],
  ['57P03', 'RB_UNAVAILABLE', true],
  // The server ends the connection with it, whatever was done before.
  ['57P01', 'RB_OUTCOME_UNKNOWN', true],
  ['08006', 'RB_OUTCOME_UNKNOWN', true],
  ['58030', 'RB_STORE', false],
  ['XX000', 'RB_STORE', false],
] as const;

it('has a code for each class of SQLSTATE, and says whether to try again', { timeout: 60_000 }, async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store = postgresStore({ url: database.url });
  await store.get(['a']);
  await database.admin.query(RAISE);
  for (const [traceback, expected, retryable] of STATES) {
    const error = await store.put([record('a', 'FAILURE', { traceback })]).catch((error: unknown) => error);
    expect([traceback, error]).toMatchObject([traceback, { code: expected, retryable, cause: { code: traceback } }]);
    expect(String((error as Error).message)).not.toContain('secret');
  }
  expect(await store.get(['a'])).toEqual([undefined]);
  await store.close();
});

it('rejects with RB_SCHEMA where a column or the schema is gone, and works again where it is back', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const schemas = { task: 'results', group: 'results' };
  expect(await code(postgresSchema({ url: database.url, schemas }).deploy())).toBe('RB_SCHEMA');
  await database.admin.query('CREATE SCHEMA results');
  const store = postgresStore({ url: database.url, schemas });
  await store.put([record('a')]);
  await database.admin.query('ALTER TABLE results.celery_taskmeta DROP COLUMN rb_meta');
  expect(await code(store.put([record('b')]))).toBe('RB_SCHEMA');
  expect(await store.put([record('b')])).toEqual([{ applied: true }]);
  await database.admin.query('DROP SCHEMA results CASCADE');
  expect(await code(store.put([record('c')]))).toBe('RB_SCHEMA');
  expect(await code(store.get(['c']))).toBe('RB_SCHEMA');
  await database.admin.query('CREATE SCHEMA results');
  expect(await store.put([record('c')])).toEqual([{ applied: true }]);
  await store.close();
});

it('rejects as unavailable where the server takes no more connections, and serves again where it does', async ({
  server,
}) => {
  await using database = await databaseAt(server.url);
  const role = `rb_one_${process.pid}`;
  await database.admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'one' CONNECTION LIMIT 1`);
  await database.admin.query(`GRANT ALL ON SCHEMA public TO ${role}`);
  const url = database.url.replace(/\/\/.*@/, `//${role}:one@`);
  const first = postgresStore({ url, poolSize: 1 });
  await first.put([record('a')]);
  const second = postgresStore({ url });
  expect(await code(second.get(['a']))).toBe('RB_UNAVAILABLE');
  await first.close();
  await eventually(async () => expect(await code(second.get(['a']))).toBe('no error'));
  await second.close();
  await database.admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

it('rejects as unavailable, again and again, what goes to nobody', async () => {
  const store = postgresStore({ url: 'postgresql://nobody@127.0.0.1:1/none' });
  for (const _ of [1, 2]) expect(await code(store.get(['a']))).toBe('RB_UNAVAILABLE');
  await store.close();
  expect(await code(postgresStore({ url: 'postgresql://nobody@host.invalid/none' }).get(['a']))).toBe('RB_UNAVAILABLE');
});

it('stores through a backend although the connection is killed under the call', async ({ server }) => {
  await using database = await databaseAt(server.url);
  const store: ResultStore = postgresStore({ url: database.url });
  const backend = createResultBackend(store);
  await backend.store('a', 'STARTED');
  await database.admin.query('BEGIN; LOCK TABLE celery_taskmeta IN EXCLUSIVE MODE');
  const stored = backend.store('a', 'SUCCESS', 1);
  await eventually(async () => {
    await database.admin.query('SELECT pg_stat_clear_snapshot()');
    const { rowCount } = await database.admin.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(rowCount).toBe(1);
  });
  await database.killOthers();
  await database.admin.query('COMMIT');
  await stored;
  expect(await backend.get('a')).toMatchObject({ state: 'SUCCESS', result: 1 });
  await backend.close();
});
