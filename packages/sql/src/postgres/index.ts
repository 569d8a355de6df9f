export type * from '../retention/index.js';
export type { SchemaStatus, SqlSchema } from '../schema.js';
export type { PgClient, PgPool } from './driver.js';
export type { PostgresStoreOptions } from './options.js';
export type { PartitionOptions } from './partitions.js';
export { postgresRetention } from './retention.js';
export { postgresSchema, postgresStore, storeFromUrl } from './store.js';
export type { SchemaNames, TableNames } from './tables.js';
