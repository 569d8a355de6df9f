import type { Dialect } from '../dialect.js';
import { columnsOf, type Layout, presentIn } from '../layout.js';
import { postgresSchemaDialect } from './migrations.js';
import { checkLayout, type Partitions } from './partitions.js';
import { postgresStatements } from './statements.js';
import type { Tables } from './tables.js';

export const postgresDialect = (
  tables: Tables,
  layout: Layout,
  extended: boolean,
  notifies: boolean,
  partitions?: Partitions,
): Dialect => ({
  name: 'postgres',
  statements(additions, found) {
    checkLayout(tables, found, partitions);
    return postgresStatements(
      tables,
      presentIn(layout, found, tables.task),
      additions,
      notifies,
      partitions !== undefined,
    );
  },
  unfit: (row) => {
    const column = columnsOf(layout, extended).find((name) => {
      const value = row[name];
      return typeof value === 'string' && value.includes('\0');
    });
    return column && `U+0000 in ${column}, which PostgreSQL keeps in no text`;
  },
  schema: postgresSchemaDialect(tables, layout, extended, notifies, partitions),
});
