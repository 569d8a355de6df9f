import { CELERY } from '../celery-layout.js';
import { type Retention, sqlRetention } from '../retention/retention.js';
import { checkOptions } from './options.js';
import { sqliteRetentionDialect } from './retention-statements.js';
import { dialectOf, executorOf, MAX_BYTES, type SqliteStoreOptions } from './store.js';
import { plainTables } from './tables.js';

/** How long records are kept, and where they go: with the options of the store. Each call opens the file. */
export function sqliteRetention(options: SqliteStoreOptions): Retention {
  checkOptions(options);
  const tables = plainTables(CELERY, options.tables);
  return sqlRetention(options, {
    dialect: dialectOf(options),
    retention: (extended) => sqliteRetentionDialect(tables, extended),
    openExecutor: () => executorOf(options),
    maxBytes: MAX_BYTES,
  });
}
