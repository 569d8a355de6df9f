import { lifecycle } from './lifecycle.ts';
import { connectToPostgres } from './postgres-client.ts';

const version = /^PgBouncer \d+\.\d+\.\d+, PostgreSQL \d+\.\d+$/;
await lifecycle('pgbouncer', { connect: connectToPostgres, version });
