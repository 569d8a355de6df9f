import type { Dialect } from '../dialect.js';
import { autoIncrementMark } from './inspection.js';
import { mysqlSchemaDialect } from './migrations.js';
import { mysqlStatements } from './statements.js';
import type { Tables } from './tables.js';

export const mysqlDialect = (tables: Tables, extended: boolean): Dialect => ({
  name: 'mysql',
  statements: (additions, { objects }) => {
    const numbering = (table: string) => (objects.has(autoIncrementMark(table)) ? 'auto' : 'sequence');
    return mysqlStatements(tables, additions, { task: numbering(tables.task), group: numbering(tables.group) });
  },
  unfit: () => undefined,
  schema: mysqlSchemaDialect(tables, extended),
});
