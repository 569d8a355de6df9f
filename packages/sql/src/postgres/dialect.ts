import type { Dialect } from '../dialect.js';
import { COLUMNS } from '../task-row.js';
import { postgresSchemaDialect } from './migrations.js';
import { postgresStatements } from './statements.js';
import type { Tables } from './tables.js';

export const postgresDialect = (tables: Tables, extended: boolean, notifies: boolean): Dialect => ({
  name: 'postgres',
  statements: (additions) => postgresStatements(tables, additions),
  unfit: (row) => {
    const column = COLUMNS.find((name) => {
      const value = row[name];
      return typeof value === 'string' && value.includes('\0');
    });
    return column && `U+0000 in ${column}, which PostgreSQL keeps in no text`;
  },
  schema: postgresSchemaDialect(tables, extended, notifies),
});
