import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { code, eventually, record } from '../support.js';
import { databaseAt } from './database.js';

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);

  it(`${service}: reads what Celery wrote as a user who may only read, and sees more once somebody has deployed`, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    const name = new URL(database.url).pathname.slice(1);
    const celery = mysqlStore({ url: database.url, layout: 'celery' });
    await celery.put([record('a')]);
    await celery.close();
    const reader = `rb_reader_${process.pid}`;
    await database.admin.query(`CREATE USER ${reader} IDENTIFIED BY 'reader'`);
    await database.admin.query(`GRANT SELECT ON ${name}.* TO ${reader}`);

    const store = mysqlStore({ url: database.url.replace(/\/\/.*@/, `//${reader}:reader@`) });
    expect(await store.get(['a', 'b'])).toMatchObject([{ state: 'SUCCESS' }, undefined]);
    expect(await code(store.put([record('b')]))).toBe('RB_DENIED');

    const writer = mysqlStore({ url: database.url });
    await writer.put([record('b', 'SUCCESS', { expiresAt: Date.now() + 60_000 })]);
    await eventually(async () => expect(await store.get(['b'])).toMatchObject([{ expiresAt: expect.any(Number) }]));
    expect(await code(store.put([record('c')]))).toBe('RB_DENIED');
    await writer.close();
    await store.close();
    await database.admin.query(`DROP USER ${reader}`);
  });
}
