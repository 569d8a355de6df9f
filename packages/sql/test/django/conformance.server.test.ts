import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { djangoOnPostgres, djangoOnSqlite } from './conformance/harness.ts';

const server = await sharedServer('postgres');

// They share the code of Celery's tables, which are checked by the profile of the environment.
for (const layout of ['django', 'django-extended'] as const) {
  defineSuite({ describe, it }, djangoOnSqlite(layout), { profile: 'quick' });
  if ('missing' in server) it(`conforms on PostgreSQL, layout ${layout}`, ({ skip }) => skip(server.missing));
  else defineSuite({ describe, it }, djangoOnPostgres(layout, server.url), { profile: 'quick' });
}
