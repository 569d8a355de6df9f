import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { tlsOf } from '../../src/postgres/tls.js';
import { targetOf } from '../../src/postgres/url.js';
import { temporaryFile } from '../support.js';

it("takes Celery's, SQLAlchemy's and libpq's spellings", () => {
  for (const scheme of ['db+postgresql+psycopg2', 'postgresql+asyncpg', 'db+postgres', 'postgresql'])
    expect(targetOf(`${scheme}://u:p%40w@host:5433/db`).connectionString).toBe('postgresql://u:p%40w@host:5433/db');
  expect(targetOf('postgresql:///db?host=%2Fvar%2Frun&application_name=a+b').connectionString).toBe(
    'postgresql:///db?host=%2Fvar%2Frun&application_name=a+b',
  );
});

it('keeps what is about TLS from the driver, which has its own idea of it', () => {
  const { connectionString, tls } = targetOf(
    'postgresql://h/db?sslmode=require&application_name=x&sslcert=a&uselibpqcompat=true',
  );
  expect(connectionString).toBe('postgresql://h/db?application_name=x');
  expect([...tls]).toEqual([
    ['sslmode', 'require'],
    ['sslcert', 'a'],
  ]);
});

it('gives sslmode the meaning that it has in libpq', () => {
  const ca = temporaryFile('ca.crt');
  writeFileSync(ca, 'an authority');
  const settings = (query: string): unknown => tlsOf(targetOf(`postgresql://h/db?${query}`).tls).ssl();
  expect(settings('')).toBeUndefined();
  expect(settings('sslmode=disable')).toBe(false);
  for (const mode of ['allow', 'prefer', 'require', 'no-verify'])
    expect(settings(`sslmode=${mode}`)).toEqual({ rejectUnauthorized: false });
  expect(settings(`sslmode=prefer&sslrootcert=${ca}`)).toMatchObject({ rejectUnauthorized: false });
  for (const mode of ['require', 'verify-ca']) {
    const verified = settings(`sslmode=${mode}&sslrootcert=${ca}`);
    expect(verified).toEqual({ ca: Buffer.from('an authority'), checkServerIdentity: expect.any(Function) });
  }
  expect(settings(`sslmode=verify-full&sslrootcert=${ca}`)).toEqual({ ca: Buffer.from('an authority') });
  for (const strictest of ['sslmode=verify-full', 'sslmode=verify-full&sslrootcert=system', 'ssl=true'])
    expect(settings(strictest)).toEqual({});
});

it('goes on without TLS only where that was left open, and the server has none', () => {
  const refused = new Error('The server does not support SSL connections');
  const preferring = tlsOf(new Map([['sslmode', 'prefer']]));
  expect(preferring.fallsBack(new Error('ECONNREFUSED'))).toBe(false);
  expect(preferring.fallsBack(refused)).toBe(true);
  expect(preferring.ssl()).toBe(false);
  for (const mode of ['require', 'verify-full'])
    expect(tlsOf(new Map([['sslmode', mode]])).fallsBack(refused)).toBe(false);
  expect(tlsOf(new Map([['sslmode', 'prefer']]), {}).fallsBack(refused)).toBe(false);
});

it('shows the place alone in messages, and no URL in errors', () => {
  expect(targetOf('postgresql://user:se@cret@host:5433/db').place).toBe('host:5433');
  for (const url of ['mysql://user:secret@host/db', 'postgresql://user:secret@a:1,b:2/db'])
    expect(() => targetOf(url)).toThrow(/^(?!.*secret).*expected a URL/);
});

it('refuses options that are unknown, of the wrong type, or too many or few', () => {
  const url = 'postgresql://host/db';
  for (const options of [
    {},
    { url, pool: {} },
    { url, client: {} },
    { url, poolsize: 1 },
    { url, poolSize: '1' },
    { url, poolSize: 0 },
    { url, maxOverflow: -1 },
    { url, maxLifetimeMs: Number.MAX_SAFE_INTEGER },
    { url, prepare: 'always' },
    { url, schemas: { task: 'a"b' } },
    { url: `${url}?sslmode=yes` },
    { url: `${url}?sslmode=verify-ca` },
    { url: `${url}?sslrootcert=/nowhere` },
    { url: `${url}?sslcrl=x` },
  ])
    expect(() => postgresStore(options as never)).toThrow(TypeError);
  expect(() => postgresStore({ pool: { on: () => undefined } as never, listen: true })).toThrow(
    'expected a URL as listen',
  );
});
