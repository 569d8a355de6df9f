import { CELERY } from '../celery-layout.js';
import { type Retention, sqlRetention } from '../retention/retention.js';
import { checkOptions, type PostgresStoreOptions } from './options.js';
import { postgresRetentionDialect } from './retention-statements.js';
import { dialectOf, executorOf, MAX_BYTES } from './store.js';
import { tablesOf } from './tables.js';

/** How long records are kept, and where they go: with the options of the store. Each call connects anew. */
export function postgresRetention(options: PostgresStoreOptions): Retention {
  checkOptions(options);
  const tables = tablesOf(CELERY, options.tables, options.schemas);
  return sqlRetention(options, {
    dialect: dialectOf(options),
    retention: (extended) => postgresRetentionDialect(tables, extended),
    openExecutor: () => executorOf(options),
    maxBytes: MAX_BYTES,
  });
}
