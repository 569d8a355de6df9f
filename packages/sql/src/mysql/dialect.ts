import { ResultError } from '@rb/core';
import type { Dialect } from '../dialect.js';
import { type Layout, presentIn } from '../layout.js';
import { autoIncrementMark, notUnique, uniqueMark } from './inspection.js';
import { mysqlSchemaDialect } from './migrations.js';
import { countedBy, mysqlStatements } from './statements.js';
import type { Tables } from './tables.js';

export const mysqlDialect = (tables: Tables, layout: Layout, extended: boolean): Dialect => ({
  name: 'mysql',
  statements: (additions, found) => {
    const { objects } = found;
    const numbering = (table: string) => (objects.has(autoIncrementMark(table)) ? 'auto' : 'sequence');
    const statements = mysqlStatements(tables, presentIn(layout, found, tables.task), additions, {
      task: numbering(tables.task),
      group: numbering(tables.group),
    });
    if (objects.has(uniqueMark(tables.task))) return statements;
    return {
      ...statements,
      // It would make a second row of the same task.
      put() {
        throw new ResultError('RB_SCHEMA', notUnique(tables));
      },
    };
  },
  unfit: () => undefined,
  counted: countedBy(layout),
  schema: mysqlSchemaDialect(tables, layout, extended),
});
