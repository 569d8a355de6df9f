import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Connected to it, beneath the store. */
  readonly admin: pg.Client;
  /** Every connection to this database but the admin's own. */
  killOthers(): Promise<void>;
}

/** A database of the test's own on a server that others use too. */
export async function databaseAt(url: string): Promise<TestDatabase> {
  const name = `rb_${randomUUID().replaceAll('-', '')}`;
  const server = new pg.Client({ connectionString: url });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  const here = url.replace(/\/[^/]*$/, `/${name}`);
  const admin = new pg.Client({ connectionString: here });
  await admin.connect();
  return {
    url: here,
    admin,
    async killOthers() {
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
        [name],
      );
    },
    async [Symbol.asyncDispose]() {
      await admin.end();
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await server.end();
    },
  };
}
