import { randomUUID } from 'node:crypto';
import mysql from 'mysql2/promise';

interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Connected to it, beneath the store. */
  readonly admin: mysql.Connection;
  /** Every connection to this database but the admin's own. */
  killOthers(): Promise<void>;
}

/** A database of the test's own on a server that others use too. */
export async function databaseAt(url: string): Promise<TestDatabase> {
  const name = `rb_${randomUUID().replaceAll('-', '')}`;
  const admin = await mysql.createConnection({ uri: url, dateStrings: true });
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.query(`USE ${name}`);
  return {
    url: url.replace(/\/[^/]*$/, `/${name}`),
    admin,
    async killOthers() {
      const [rows] = (await admin.query(
        'SELECT id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()',
        [name],
      )) as unknown as [readonly { readonly id?: number; readonly ID?: number }[]];
      for (const { id, ID } of rows) await admin.query(`KILL ${id ?? ID}`);
    },
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}
