import { lifecycle } from './lifecycle.ts';
import { connectToPostgres } from './postgres-client.ts';

await lifecycle('postgres', { connect: connectToPostgres, version: /^PostgreSQL \d+\.\d+$/ });
