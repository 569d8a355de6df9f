export type * from '../retention/index.js';
export type { SchemaStatus, SqlSchema } from '../schema.js';
export type { MysqlConnection, MysqlPool } from './driver.js';
export type { MysqlStoreOptions, MysqlTlsOptions } from './options.js';
export { mysqlRetention } from './retention.js';
export { mysqlSchema, mysqlStore, storeFromUrl } from './store.js';
export type { TableNames } from './tables.js';
