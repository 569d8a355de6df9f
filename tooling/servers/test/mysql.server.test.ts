import { lifecycle } from './lifecycle.ts';
import { connectToMysql } from './mysql-client.ts';

await lifecycle('mysql', { connect: connectToMysql, version: /^MySQL \d+\.\d+\.\d+$/ });
await lifecycle('mariadb', { connect: connectToMysql, version: /^MariaDB \d+\.\d+\.\d+$/ });
