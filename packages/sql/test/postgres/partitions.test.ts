import { expect, it } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';

const DAY_MS = 86_400_000;

it.each([
  { intervalMs: 1_000 },
  { intervalMs: 90_500 },
  { intervalMs: Number.NaN },
  { intervalMs: DAY_MS, celeryExpiresMs: 101 * DAY_MS },
  { celeryExpiresMs: 0 },
  { celeryExpiresMs: '1d' },
  { every: DAY_MS },
])('refuses the partitions %j', (partitions) => {
  expect(() => postgresStore({ url: 'postgresql://host/db', partitions: partitions as never })).toThrow(TypeError);
});

it("refuses partitions of exactly Celery's table", () => {
  expect(() => postgresStore({ url: 'postgresql://host/db', layout: 'celery', partitions: {} })).toThrow(TypeError);
});
