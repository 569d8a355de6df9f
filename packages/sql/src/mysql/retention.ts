import { CELERY } from '../celery-layout.js';
import { type Retention, sqlRetention } from '../retention/retention.js';
import { checkOptions, type MysqlStoreOptions } from './options.js';
import { mysqlRetentionDialect } from './retention-statements.js';
import { dialectOf, executorOf, MAX_BYTES } from './store.js';
import { plainTables } from './tables.js';

/** How long records are kept, and where they go: with the options of the store. Each call connects anew. */
export function mysqlRetention(options: MysqlStoreOptions): Retention {
  checkOptions(options);
  const tables = plainTables(CELERY, options.tables);
  return sqlRetention(options, {
    dialect: dialectOf(options),
    retention: (extended, found) => mysqlRetentionDialect(tables, extended, found),
    openExecutor: () => executorOf(options),
    maxBytes: MAX_BYTES,
  });
}
