import { expect, it } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { driverUrl, placeOf } from '../../src/postgres/url.js';

it("takes Celery's, SQLAlchemy's and libpq's spellings", () => {
  for (const scheme of ['db+postgresql+psycopg2', 'postgresql+asyncpg', 'db+postgres', 'postgresql'])
    expect(driverUrl(`${scheme}://u:p%40w@host:5433/db`)).toBe('postgresql://u:p%40w@host:5433/db');
});

it('gives sslmode the meaning that it has in libpq', () => {
  expect(driverUrl('postgresql://host/db?sslmode=require')).toBe(
    'postgresql://host/db?sslmode=require&uselibpqcompat=true',
  );
});

it('shows the place alone in messages, and no URL in errors', () => {
  expect(placeOf('postgresql://user:se@cret@host:5433/db')).toBe('host:5433');
  expect(() => driverUrl('mysql://user:secret@host/db')).toThrow(/^(?!.*secret).*expected a URL/);
});

it('refuses options that are unknown, of the wrong type, or too many or few', () => {
  const url = 'postgresql://host/db';
  for (const options of [
    {},
    { url, pool: {} },
    { url, poolsize: 1 },
    { url, poolSize: '1' },
    { url, schemas: { task: 'a"b' } },
  ])
    expect(() => postgresStore(options as never)).toThrow(TypeError);
  expect(() => postgresStore({ pool: { on: () => undefined } as never, listen: true })).toThrow(
    'expected a URL as listen',
  );
});
