import { dirname } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { start } from '../src/start.ts';
import { lifecycle } from './lifecycle.ts';
import { connectToMysql } from './mysql-client.ts';

await lifecycle('mysql', { connect: connectToMysql, version: /^MySQL \d+\.\d+\.\d+$/ });
await lifecycle('mariadb', { connect: connectToMysql, version: /^MariaDB \d+\.\d+\.\d+$/ });

for (const service of ['mysql', 'mariadb'] as const) {
  it(`${service} has a temporary folder of its own, as another one that starts empties it`, async ({ skip }) => {
    const server = await start(service);
    if ('missing' in server) return skip(server.missing);
    await using _server = server;
    if (!server.how.startsWith('/')) return skip(`that of ${server.how} is not shared with others`);
    const connection = await createConnection({ uri: server.url });
    const [rows] = await connection.query<RowDataPacket[]>('SELECT @@tmpdir AS folder, @@datadir AS data');
    expect(rows[0]?.folder).toBe(dirname(rows[0]?.data));
    await connection.end();
  });
}
