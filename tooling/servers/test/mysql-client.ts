import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Connect } from './lifecycle.ts';

export const connectToMysql: Connect = async ({ url }) => {
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
