import { accepting, json } from '@rb/core';
import { CELERY } from '../celery-layout.js';
import { ofCelery } from '../layout.js';
import { type Retention, sqlRetention } from '../retention/retention.js';
import { checkOptions } from './options.js';
import { sqliteRetentionDialect } from './retention-statements.js';
import { dialectOf, executorOf, type SqliteStoreOptions } from './store.js';
import { plainTables } from './tables.js';

/** How long records are kept, and where they go: with the options of the store. Each call opens the file. */
export function sqliteRetention(options: SqliteStoreOptions): Retention {
  checkOptions(options);
  const { layout = 'extended', createTables = true } = options;
  const tables = plainTables(CELERY, options.tables);
  return sqlRetention({
    dialect: dialectOf(options),
    retention: (extended) => sqliteRetentionDialect(tables, extended),
    openExecutor: () => executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    timeZone: options.timeZone,
    layout: ofCelery(layout),
    deploy: createTables,
    maxBytes: options.maxBytes ?? 67_108_864,
    now: options.now ?? Date.now,
  });
}
