import { lifecycle } from './lifecycle.ts';
import { connectToPostgres } from './postgres-client.ts';

const version = /^PostgreSQL \d+\.\d+$/;
await lifecycle('postgres', { connect: connectToPostgres, version });
await lifecycle('postgres-old', { connect: connectToPostgres, version });
