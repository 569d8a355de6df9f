import { start } from '@rb/servers/start';
import pg from 'pg';
import { expect, it } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { code, eventually, present, record } from '../support.js';

const clientOf = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client(url);
  client.on('error', () => undefined); // Where a failed test ends the server first.
  await client.connect();
  return client;
};

const one = async (client: pg.Client, sql: string): Promise<string> => {
  const { rows } = await client.query<{ value: string }>(sql);
  return rows[0]?.value ?? '';
};

const DIRECTORY = "SELECT current_setting('data_directory') AS value";

/** Makes what is in `directory`, of a server that is stopped, a copy of the primary that goes on following it. */
async function copyTo(directory: string, primary: pg.Client, port: string): Promise<void> {
  const bin = await one(primary, "SELECT setting AS value FROM pg_config WHERE name = 'BINDIR'");
  // The primary's server runs them.
  for (const command of [
    `find ${directory} -mindepth 1 -delete`,
    `PGPASSWORD=postgres ${bin}/pg_basebackup -D ${directory} -R -c fast -h 127.0.0.1 -p ${port} -U postgres`,
  ])
    await primary.query(`COPY (SELECT 1) TO PROGRAM '${command}'`);
}

it('reads and watches on a hot standby, which takes no write, and writes there once it is promoted', async ({
  skip,
}) => {
  const [primary, standby] = [await start('postgres'), await start('postgres')];
  if ('missing' in primary || 'missing' in standby) return skip('there is no server');
  await using _primary = primary;
  await using _standby = standby;
  const [node] = standby.nodes ?? [];
  if (node === undefined) return skip('a server of the environment is not made a standby');
  const admin = await clientOf(primary.url);
  const later = await clientOf(standby.url);
  const [own = '', directory = ''] = await Promise.all([admin, later].map((client) => one(client, DIRECTORY)));
  await later.end();
  if (own === directory) return skip('in Docker the one server has not the files of the other');

  const onPrimary = postgresStore({ url: primary.url, listen: true });
  await onPrimary.put([record('a', 'STARTED')]);
  const tables = { task: 'plain_taskmeta', group: 'plain_tasksetmeta' };
  const celery = postgresStore({ url: primary.url, layout: 'celery', tables });
  await celery.put([record('a')]);
  await celery.close();
  await node.stop();
  await copyTo(directory, admin, new URL(primary.url).port);
  await node.restart();

  const errors: unknown[] = [];
  const onStandby = postgresStore({ url: standby.url, listen: true, onBackgroundError: (error) => errors.push(error) });
  expect(await onStandby.get(['a', 'b'])).toMatchObject([{ state: 'STARTED' }, undefined]);
  expect(await present(onStandby.stats).read()).toMatchObject({ byState: { STARTED: 1 } });
  const pages = present(onStandby.scan).pages();
  for await (const page of pages) expect(page.records).toMatchObject([{ taskId: 'a' }]);
  await expect(onStandby.put([record('b')])).rejects.toMatchObject({
    code: 'RB_UNAVAILABLE',
    message: expect.stringContaining('read-only'),
  });

  // Tables as Celery makes them lack our columns, which cannot be added here.
  const plain = postgresStore({ url: standby.url, tables });
  expect(await plain.get(['a'])).toMatchObject([{ state: 'SUCCESS' }]);
  expect(await code(plain.put([record('b')]))).toBe('RB_UNAVAILABLE');
  await plain.close();

  // It knows no LISTEN, so changes are asked for.
  const told: unknown[] = [];
  const watching = present(onStandby.notify).subscribe({
    record: (outcome) => told.push(outcome),
    gap: () => undefined,
  });
  await watching.add(['a', 'b']);
  await eventually(() => expect(errors).toMatchObject([{ code: 'RB_UNAVAILABLE', cause: { code: '25006' } }]));
  await onPrimary.put([record('a'), record('b')]);
  await eventually(() => expect(told).toHaveLength(2));

  await onPrimary.close();
  await admin.end();
  await primary[Symbol.asyncDispose]();
  const promoting = await clientOf(standby.url);
  await promoting.query('SELECT pg_promote()');
  await promoting.end();
  expect(await onStandby.put([record('c')])).toEqual([{ applied: true }]);
  expect(await onStandby.get(['a', 'b', 'c'])).toMatchObject([{ state: 'SUCCESS' }, { state: 'SUCCESS' }, {}]);
  await watching.close();
  await onStandby.close();
}, 120_000);
