import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { type Connect, lifecycle } from './lifecycle.ts';

const connect: Connect = async ({ url }) => {
  const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
  connection.on('error', () => {}); // the call says so too
  return {
    async write(value) {
      await connection.query('CREATE TABLE IF NOT EXISTS lifecycle (one INT PRIMARY KEY, value TEXT)');
      await connection.query('REPLACE INTO lifecycle VALUES (1, ?)', [value]);
    },
    async read() {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT value FROM lifecycle');
      return rows[0]?.value;
    },
    close: () => connection.end(),
  };
};

await lifecycle('mysql', { connect, version: /^MySQL \d+\.\d+\.\d+$/ });
await lifecycle('mariadb', { connect, version: /^MariaDB \d+\.\d+\.\d+$/ });
await lifecycle('mariadb-old', { connect, version: /^MariaDB \d+\.\d+\.\d+$/ });
