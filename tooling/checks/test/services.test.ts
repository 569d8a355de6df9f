import { expect, it } from 'vitest';
import { serviceTable } from '../src/services.ts';

it('says so where no test used a service', () => {
  expect(serviceTable([])).toEqual(['no test used a service']);
});

it('says of each service how it was had or why not, and whose tests used it', () => {
  const services = [
    { name: 'Celery 5.6.3', version: 'Python 3.11', how: 'virtual environment' },
    { name: 'PostgreSQL', missing: 'no server' },
    { name: 'Redis', version: 'Redis 7.0.15', how: 'RB_REDIS_URL', suites: ['packages/redis', 'tooling/servers'] },
  ];
  expect(serviceTable(services).map((line) => line.trimEnd())).toEqual([
    'service       version       how it was had, or why not  used by',
    '------------  ------------  --------------------------  -------------------------------',
    'Celery 5.6.3  Python 3.11   virtual environment',
    'PostgreSQL                  not used: no server',
    'Redis         Redis 7.0.15  RB_REDIS_URL                packages/redis, tooling/servers',
  ]);
});
