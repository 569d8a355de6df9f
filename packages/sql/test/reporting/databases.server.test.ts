import { sharedServer } from '@rb/servers/fixture';
import { expect, it } from 'vitest';
import { mysqlWorld, postgresWorld } from '../retention/world.js';
import { PROMISED, printedWith } from './program.js';

for (const service of ['postgres', 'mysql', 'mariadb'] as const) {
  const server = await sharedServer(service);
  it(`prints what the document of reports says, on ${service}`, async ({ skip }) => {
    if ('missing' in server) return skip(server.missing);
    const { target } = await (service === 'postgres' ? postgresWorld(server.url) : mysqlWorld(server.url));
    expect(await printedWith(target.entry, target.options)).toEqual(PROMISED);
  });
}
