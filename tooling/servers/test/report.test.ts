import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readServices, reportService } from '../src/report.ts';

const celery = { name: 'Celery', how: 'virtual environment', version: 'Python 3.11.7' };
const redis = { name: 'Redis', missing: 'no redis-server on PATH' };

describe('the report of services', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rb-services-'));
    file = join(directory, 'services.jsonl');
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  it('holds each service once, by name, used or missing', () => {
    vi.stubEnv('RB_SERVICES_LOG', file);
    for (const report of [redis, celery, celery]) reportService(report);
    expect(readServices(file)).toEqual([celery, redis]);
  });

  it('counts a service as used that any test could use', () => {
    vi.stubEnv('RB_SERVICES_LOG', file);
    const missing = { name: 'Celery', missing: 'another test hid Python' };
    for (const report of [missing, celery, missing]) reportService(report);
    expect(readServices(file)).toEqual([celery]);
  });

  it('names all whose tests used a service, each once', () => {
    vi.stubEnv('RB_SERVICES_LOG', file);
    for (const suite of ['packages/sql', 'packages/redis', 'packages/sql'])
      reportService({ ...celery, suites: [suite] });
    reportService(celery);
    expect(readServices(file)).toEqual([{ ...celery, suites: ['packages/redis', 'packages/sql'] }]);
  });

  it('is empty where nothing was reported', () => {
    expect(readServices(file)).toEqual([]);
  });

  it('is not written where nobody asked for it', () => {
    vi.stubEnv('RB_SERVICES_LOG', undefined);
    reportService(celery);
    expect(readServices(file)).toEqual([]);
  });
});
