import { randomUUID } from 'node:crypto';
import mysql from 'mysql2/promise';

interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Connected to it, beneath the store. */
  readonly admin: mysql.Connection;
  /** The admin, after the server was started anew. */
  reconnect(): Promise<void>;
  /** Numbers of all connections to this database but the admin's own. */
  others(): Promise<readonly number[]>;
  /** Ends them. */
  killOthers(): Promise<void>;
}

/** A database of the test's own on a server that others use too. */
export async function databaseAt(url: string): Promise<TestDatabase> {
  const name = `rb_${randomUUID().replaceAll('-', '')}`;
  const connect = () => mysql.createConnection({ uri: url, dateStrings: true });
  let admin = await connect();
  // Unheard, the end of its connection would end the process.
  admin.on('error', () => undefined);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.query(`USE ${name}`);
  const others = async (): Promise<readonly number[]> => {
    const [rows] = await admin.query(
      'SELECT id AS connection FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()',
      [name],
    );
    return (rows as { readonly connection: number }[]).map(({ connection }) => connection);
  };
  return {
    url: url.replace(/\/[^/]*$/, `/${name}`),
    get admin() {
      return admin;
    },
    async reconnect() {
      admin = await connect();
    },
    others,
    async killOthers() {
      for (const id of await others()) await admin.query(`KILL ${id}`);
    },
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}
