import { defineSuite } from '@rb/conformance';
import { start } from '@rb/servers/start';
import { afterAll, describe, it } from 'vitest';
import { mysqlHarness } from './conformance/harness.ts';

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  // One of its own, as it is restarted.
  const server = await start(service);
  if ('missing' in server) it(`conforms on ${service}`, ({ skip }) => skip(server.missing));
  else {
    afterAll(() => server[Symbol.asyncDispose]());
    const [node] = server.nodes ?? [];
    const harness = mysqlHarness(service, server.url, node && (() => node.restart()));
    const readme = new URL('../../docs/mysql.md', import.meta.url);
    defineSuite({ describe, it }, harness, service === 'mysql' ? { readme } : {});
  }
}
