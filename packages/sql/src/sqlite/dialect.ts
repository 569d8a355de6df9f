import type { Dialect } from '../dialect.js';
import { type Layout, presentIn } from '../layout.js';
import { sqliteSchemaDialect } from './migrations.js';
import { sqliteStatements } from './statements.js';
import type { Tables } from './tables.js';

/** @param shared Whether others write through the same connection. */
export const sqliteDialect = (tables: Tables, layout: Layout, extended: boolean, shared: boolean): Dialect => ({
  name: 'sqlite',
  statements: (additions, found) => sqliteStatements(tables, presentIn(layout, found, tables.task), additions, shared),
  unfit: () => undefined,
  schema: sqliteSchemaDialect(tables, layout, extended),
});
