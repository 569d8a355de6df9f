import type { Dialect } from '../dialect.js';
import { sqliteSchemaDialect } from './migrations.js';
import { sqliteStatements } from './statements.js';
import type { Tables } from './tables.js';

/** @param shared Whether others write through the same connection. */
export const sqliteDialect = (tables: Tables, extended: boolean, shared: boolean): Dialect => ({
  name: 'sqlite',
  statements: (additions) => sqliteStatements(tables, additions, shared),
  unfit: () => undefined,
  schema: sqliteSchemaDialect(tables, extended),
});
