import { accepting, json } from '@rb/core';
import { CELERY } from '../celery-layout.js';
import { ofCelery } from '../layout.js';
import { type Retention, sqlRetention } from '../retention/retention.js';
import { checkOptions, type PostgresStoreOptions } from './options.js';
import { postgresRetentionDialect } from './retention-statements.js';
import { dialectOf, executorOf } from './store.js';
import { tablesOf } from './tables.js';

/** How long records are kept, and where they go: with the options of the store. Each call connects anew. */
export function postgresRetention(options: PostgresStoreOptions): Retention {
  checkOptions(options);
  const { layout = 'extended', createTables = true } = options;
  const tables = tablesOf(CELERY, options.tables, options.schemas);
  return sqlRetention({
    dialect: dialectOf(options),
    retention: (extended) => postgresRetentionDialect(tables, extended),
    openExecutor: () => executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    timeZone: options.timeZone,
    layout: ofCelery(layout),
    deploy: createTables,
    maxBytes: options.maxBytes ?? 67_108_864,
    now: options.now ?? Date.now,
  });
}
