import { lifecycle } from './lifecycle.ts';
import { connectToMysql } from './mysql-client.ts';
import { connectToPostgres } from './postgres-client.ts';

// In a file of their own: CI has no images of older versions to run it on a second time.
await lifecycle('postgres-old', { connect: connectToPostgres, version: /^PostgreSQL \d+\.\d+$/ });
await lifecycle('mariadb-old', { connect: connectToMysql, version: /^MariaDB \d+\.\d+\.\d+$/ });
