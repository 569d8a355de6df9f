import { defineSuite } from '@rb/conformance';
import { sharedServer } from '@rb/servers/fixture';
import { describe, it } from 'vitest';
import { djangoOnMysql, djangoOnPostgres, djangoOnSqlite } from './conformance/harness.ts';

const [postgres, mariadb] = [await sharedServer('postgres'), await sharedServer('mariadb')];

// They share the code of Celery's tables, which are checked by the profile of the environment.
for (const layout of ['django', 'django-extended'] as const) {
  defineSuite({ describe, it }, djangoOnSqlite(layout), { profile: 'quick' });
  if ('missing' in postgres) it(`conforms on PostgreSQL, layout ${layout}`, ({ skip }) => skip(postgres.missing));
  else defineSuite({ describe, it }, djangoOnPostgres(layout, postgres.url), { profile: 'quick' });
}

if ('missing' in mariadb) it('conforms on MariaDB', ({ skip }) => skip(mariadb.missing));
else defineSuite({ describe, it }, djangoOnMysql('mariadb', mariadb.url), { profile: 'quick' });
