import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readServices, serviceTable } from '../src/services.ts';
import { Fixture } from './fixture.ts';

it('reads each service once, in order of name, and counts as used what any test could use', () => {
  const lines = [
    { name: 'Redis', missing: 'no server' },
    { name: 'Celery', version: '5.6.3', how: 'virtual environment' },
    { name: 'Redis', version: '7.2.4', how: 'RB_REDIS_URL' },
    { name: 'Redis', missing: 'no server' },
  ];
  using fixture = new Fixture({ log: lines.map((line) => `${JSON.stringify(line)}\n`).join('') });
  expect(readServices(join(fixture.root, 'log'))).toEqual([
    { name: 'Celery', version: '5.6.3', how: 'virtual environment' },
    { name: 'Redis', version: '7.2.4', how: 'RB_REDIS_URL' },
  ]);
});

it('reads none where no test wrote any', () => {
  using fixture = new Fixture({});
  expect(readServices(join(fixture.root, 'log'))).toEqual([]);
  expect(serviceTable([])).toEqual(['no test used a service']);
});

it('says of each service how it was had or why not', () => {
  const services = [
    { name: 'Celery 5.6.3', version: 'Python 3.11', how: 'virtual environment' },
    { name: 'Redis', missing: 'no redis-server on PATH' },
  ];
  expect(serviceTable(services)).toEqual([
    'service       version      how it was had, or why not',
    '------------  -----------  ---------------------------------',
    'Celery 5.6.3  Python 3.11  virtual environment',
    'Redis                      not used: no redis-server on PATH',
  ]);
});
