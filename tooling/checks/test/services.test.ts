import { expect, it } from 'vitest';
import { serviceTable } from '../src/services.ts';

it('says so where no test used a service', () => {
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
