import { accepting, json } from '@rb/core';
import { CELERY } from '../celery-layout.js';
import { ofCelery } from '../layout.js';
import { type Retention, sqlRetention } from '../retention/retention.js';
import { checkOptions, type MysqlStoreOptions } from './options.js';
import { mysqlRetentionDialect } from './retention-statements.js';
import { dialectOf, executorOf } from './store.js';
import { plainTables } from './tables.js';

/** How long records are kept, and where they go: with the options of the store. Each call connects anew. */
export function mysqlRetention(options: MysqlStoreOptions): Retention {
  checkOptions(options);
  const { layout = 'extended', createTables = true } = options;
  const tables = plainTables(CELERY, options.tables);
  return sqlRetention({
    dialect: dialectOf(options),
    retention: (extended, found) => mysqlRetentionDialect(tables, extended, found),
    openExecutor: () => executorOf(options),
    serializer: accepting(options.serializer ?? json, options.accept),
    timeZone: options.timeZone,
    layout: ofCelery(layout),
    deploy: createTables,
    maxBytes: options.maxBytes ?? 65_535,
    now: options.now ?? Date.now,
  });
}
