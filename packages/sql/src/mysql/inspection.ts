import type { SchemaDialect } from '../dialect.js';
import type { Layout } from '../layout.js';
import { quoted, type Tables } from './tables.js';

/** `objects` of what was found: `table.index`, and these marks. */
export const MARIADB = '@mariadb';
export const autoIncrementMark = (table: string): string => `${table}@auto_increment`;
/** The column of the table's own id does not compare exactly; its type follows. */
export const inexactMark = (table: string): string => `${table}@inexact `;
/** The id's column is unique by itself: a put relies on it to find the row that is there. */
export const uniqueMark = (table: string): string => `${table}@unique`;
/** The type of the table's own id follows. */
export const idMark = (table: string): string => `${table}@id `;
export const largeMark = (table: string): string => `${table}@large`;

/** Up to so much a change that others have to wait for takes less than a second or so. */
const SMALL_BYTES = 16 * 2 ** 20;

/** Ids differ where a byte differs, a space at the end included; the servers' defaults take `a` for `A`. */
const EXACT = new Set(['utf8mb4_0900_bin', 'utf8mb4_nopad_bin']);

export const notUnique = ({ task }: Tables): string =>
  `the table ${quoted(task)} has no unique index on task_id alone, so it can be read but not written: ` +
  `ALTER TABLE ${quoted(task)} ADD UNIQUE (task_id)`;

export function inspection(tables: Tables, layout: Layout): Pick<SchemaDialect, 'inspect' | 'found'> {
  const ids = ['task_id', layout.group.id];
  const own = [tables.task, tables.group, tables.members, tables.versions];
  // As the server may write names in lower case.
  const ownName = (table: unknown): string =>
    own.find((name) => name.toLowerCase() === String(table).toLowerCase()) ?? String(table);
  return {
    inspect: () => [
      {
        sql: `SELECT table_name AS tbl, column_name AS col, extra AS extra, collation_name AS collation_name, column_type AS type
          FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?, ?)`,
        params: own,
      },
      {
        sql: `SELECT table_name AS tbl, index_name AS name, non_unique AS several, GROUP_CONCAT(column_name) AS cols
          FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?, ?)
          GROUP BY table_name, index_name, non_unique`,
        params: own,
      },
      {
        // The hint: MySQL would tell what it was a day ago.
        sql: `SELECT /*+ SET_VAR(information_schema_stats_expiry = 0) */ table_name AS tbl, data_length AS bytes
          FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?, ?)`,
        params: own,
      },
      { sql: 'SELECT VERSION() AS version', params: [] },
    ],
    found: ([columns, indexes, sizes, version]) => {
      const byTable = new Map<string, Set<string>>();
      const objects = new Set<string>();
      for (const { tbl, name, several, cols } of indexes?.rows ?? []) {
        objects.add(`${tbl}.${name}`.toLowerCase());
        if (Number(several) === 0 && ids.includes(String(cols))) objects.add(uniqueMark(ownName(tbl)));
      }
      for (const { tbl, col, extra, collation_name: collation, type } of columns?.rows ?? []) {
        const table = ownName(tbl);
        byTable.set(table, (byTable.get(table) ?? new Set()).add(String(col)));
        if (col === 'id') objects.add(`${idMark(table)}${type}`);
        if (col === 'id' && /auto_increment/i.test(String(extra))) objects.add(autoIncrementMark(table));
        if (ids.includes(String(col)) && !EXACT.has(String(collation))) objects.add(`${inexactMark(table)}${type}`);
      }
      for (const { tbl, bytes } of sizes?.rows ?? [])
        if (Number(bytes) > SMALL_BYTES) objects.add(largeMark(ownName(tbl)));
      if (/mariadb/i.test(String(version?.rows[0]?.version))) objects.add(MARIADB);
      const isDuplicable = byTable.has(tables.task) && !objects.has(uniqueMark(tables.task));
      return { columns: byTable, objects, wrong: isDuplicable ? [notUnique(tables)] : [] };
    },
  };
}
