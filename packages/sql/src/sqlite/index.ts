export type * from '../retention/index.js';
export type { SchemaStatus, SqlSchema } from '../schema.js';
export type { SqliteDatabase, SqliteStatement } from './driver.js';
export { sqliteRetention } from './retention.js';
export { type SqliteStoreOptions, sqliteSchema, sqliteStore, storeFromUrl } from './store.js';
export type { TableNames } from './tables.js';
