import { start } from '@rb/servers/start';
import { expect, it } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { record } from '../support.js';

/** The system's table space is the only one, and small. */
const CONFIG = { 'innodb-file-per-table': 'OFF', 'innodb-data-file-path': 'ibdata1:12M:autoextend:max:40M' };

// MariaDB 11 ends itself instead.
for (const service of ['mysql', 'mariadb-old'] as const) {
  it(`${service}: says that the table space is full, and still reads`, async ({ skip }) => {
    // Of its own: once full, nothing can be deleted either.
    const server = await start(service, { config: CONFIG });
    if ('missing' in server) return skip(server.missing);
    const store = mysqlStore({ url: server.url });
    const result = 'x'.repeat(60_000);
    let error: unknown;
    for (let i = 0; error === undefined; i++) {
      const records = Array.from({ length: 20 }, (_, k) => record(`a${i}.${k}`, 'STARTED', { result }));
      error = await store.put(records).then(
        () => undefined,
        (reason: unknown) => reason,
      );
    }
    expect(error).toMatchObject({ code: 'RB_UNAVAILABLE', retryable: true, message: expect.stringContaining('full') });
    expect(await store.get(['a0.0'])).toMatchObject([{ result }]);
    await store.close();
    await server[Symbol.asyncDispose]();
  }, 60_000);
}
