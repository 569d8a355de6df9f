import type { Dialect } from '../dialect.js';
import { COLUMNS } from '../task-row.js';
import { postgresSchemaDialect } from './migrations.js';
import { checkLayout, type Partitions } from './partitions.js';
import { postgresStatements } from './statements.js';
import type { Tables } from './tables.js';

export const postgresDialect = (
  tables: Tables,
  extended: boolean,
  notifies: boolean,
  partitions?: Partitions,
): Dialect => ({
  name: 'postgres',
  statements(additions, found) {
    checkLayout(tables, found, partitions);
    return postgresStatements(tables, additions, partitions !== undefined);
  },
  unfit: (row) => {
    const column = COLUMNS.find((name) => {
      const value = row[name];
      return typeof value === 'string' && value.includes('\0');
    });
    return column && `U+0000 in ${column}, which PostgreSQL keeps in no text`;
  },
  schema: postgresSchemaDialect(tables, extended, notifies, partitions),
});
