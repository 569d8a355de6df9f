import { readFileSync } from 'node:fs';
import { certificates } from '@rb/servers/certificates';
import { sharedServer } from '@rb/servers/fixture';
import { start } from '@rb/servers/start';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PostgresStoreOptions, postgresStore } from '../../src/postgres/index.js';
import { code, eventually, present, record } from '../support.js';
import { databaseAt } from './database.js';

const server = await start('postgres');
const url = 'missing' in server ? '' : server.url;
const files = certificates();

const HBA = [
  'local all all trust',
  'hostssl all certified all scram-sha-256 clientcert=verify-ca',
  'hostssl all encrypted all scram-sha-256',
  'host all postgres all scram-sha-256',
];

/** The server's own files: where it runs, and under which user, is its affair. */
async function teachTls(): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const write = async (file: string, text: string): Promise<void> => {
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => `(${pg.escapeLiteral(line)})`);
    await admin.query(`COPY (VALUES ${lines.join(', ')}) TO PROGRAM 'umask 077 && cat > ${file}'`);
  };
  await write('tls.crt', readFileSync(files.cert, 'utf8'));
  await write('tls.key', readFileSync(files.key, 'utf8'));
  await write('tls-ca.crt', readFileSync(files.ca, 'utf8'));
  await write('tls-hba.conf', HBA.join('\n'));
  const { rows } = await admin.query<{ readonly path: string }>("SELECT current_setting('data_directory') AS path");
  const settings = { ssl_cert_file: 'tls.crt', ssl_key_file: 'tls.key', ssl_ca_file: 'tls-ca.crt', ssl: 'on' };
  for (const [name, value] of Object.entries(settings)) await admin.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  for (const role of ['certified', 'encrypted'])
    await admin.query(`CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD 'postgres'`);
  await admin.query(`COPY (SELECT 1) TO PROGRAM 'cat tls-hba.conf > ${rows[0]?.path}/pg_hba.conf'`);
  await admin.query('SELECT pg_reload_conf()');
  await admin.end();
}

beforeAll(async () => {
  if (!('missing' in server)) await teachTls();
}, 60_000);
afterAll(() => ('missing' in server ? undefined : server[Symbol.asyncDispose]()));

/** Whether the store's connection is encrypted, in the server's own words; else the error's code. */
async function encrypted(query: string, options: PostgresStoreOptions = {}, user = 'postgres'): Promise<unknown> {
  const place = (options.url ?? url).replace(/\/\/[^:]*:/, `//${user}:`);
  const store = postgresStore({ ...options, url: `${place}?application_name=tls&${query}` });
  const admin = new pg.Client({ connectionString: url });
  try {
    const failed = await code(store.put([record('a')]));
    if (failed !== 'no error') return failed;
    await admin.connect();
    const { rows } = await admin.query(
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tls'",
    );
    return rows[0]?.ssl;
  } finally {
    await store.close();
    await admin.end();
  }
}

it("speaks TLS as libpq's sslmode says, and verifies what it says", { timeout: 60_000 }, async ({ skip }) => {
  if ('missing' in server) return skip(server.missing);
  const ca = `sslrootcert=${encodeURIComponent(files.ca)}`;
  expect(await encrypted('')).toBe(false);
  expect(await encrypted('sslmode=disable')).toBe(false);
  for (const mode of ['allow', 'prefer', 'require', 'no-verify']) expect(await encrypted(`sslmode=${mode}`)).toBe(true);
  for (const mode of ['require', 'verify-ca', 'verify-full'])
    expect(await encrypted(`sslmode=${mode}&${ca}`)).toBe(true);
  expect(await encrypted('sslmode=disable', {}, 'encrypted')).toBe('RB_DENIED');
  // Nobody whom Node.js knows has signed it.
  expect(await encrypted('sslmode=verify-full')).toBe('RB_UNAVAILABLE');
  // Signed, but for other names of this address.
  const other = url.replace('127.0.0.1', '127.1');
  expect(await encrypted(`sslmode=verify-ca&${ca}`, { url: other })).toBe(true);
  expect(await encrypted(`sslmode=verify-full&${ca}`, { url: other })).toBe('RB_UNAVAILABLE');
});

it('takes settings of node:tls in place of what the URL says', { timeout: 60_000 }, async ({ skip }) => {
  if ('missing' in server) return skip(server.missing);
  expect(await encrypted('sslmode=disable', { tls: { ca: readFileSync(files.ca) } })).toBe(true);
  expect(await encrypted('sslmode=require', { tls: {} })).toBe('RB_UNAVAILABLE');
});

it('goes on without TLS, also to listen, where the server has none and the URL leaves it open', {
  timeout: 60_000,
}, async ({ skip }) => {
  const plain = await sharedServer('postgres');
  if ('missing' in plain) return skip(plain.missing);
  await using database = await databaseAt(plain.url);
  const options = { url: `${database.url}?sslmode=prefer`, listen: true, pollMs: 600_000 };
  const store = postgresStore(options);
  const told: unknown[] = [];
  await present(store.notify)
    .subscribe({ record: (outcome) => told.push(outcome), gap: () => undefined })
    .add(['a']);
  const writer = postgresStore(options);
  await Promise.all([writer.put([record('a')]), writer.put([record('b')])]);
  await eventually(() => expect(told).toHaveLength(1));
  await Promise.all([store.close(), writer.close()]);
  expect(await code(postgresStore({ url: `${database.url}?sslmode=require` }).get(['a']))).toBe('RB_UNSUPPORTED');
});

it('sends a certificate of its own', { timeout: 60_000 }, async ({ skip }) => {
  if ('missing' in server) return skip(server.missing);
  const query = `sslmode=require&sslcert=${encodeURIComponent(files.cert)}&sslkey=${encodeURIComponent(files.key)}`;
  expect(await encrypted(query, {}, 'certified')).toBe(true);
  expect(await encrypted('sslmode=require', {}, 'certified')).toBe('RB_DENIED');
});
