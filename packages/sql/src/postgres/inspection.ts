import { createHash } from 'node:crypto';
import type { SchemaDialect } from '../dialect.js';
import { columnsOf, type Layout } from '../layout.js';
import type { Tables } from './tables.js';

/** Marks among the `objects` that were found. */
export const largeMark = (table: string): string => `${table}@large`.toLowerCase();
export const partitionedMark = (table: string): string => `${table}@partitioned`.toLowerCase();
export const invalidMark = (index: string): string => `${index}@invalid`.toLowerCase();
/** Of the function of a trigger, by what it does. */
export const functionMark = (body: string): string => `@${createHash('sha256').update(body).digest('hex')}`;

/** A table up to this size is indexed at once: some 25,000 rows, in less than a tenth of a second. */
const SMALL_BYTES = 8 * 2 ** 20;

const TEXT = ['text', 'character varying'];

/** Of the columns that this package reads and writes: what it can do with. The first is what it would have made. */
function typesOf(layout: Layout): Readonly<Record<string, readonly string[]>> {
  const date = layout.django ? 'timestamp with time zone' : 'timestamp without time zone';
  const all = [...columnsOf(layout, true), layout.group.id, ...layout.group.columns];
  return {
    ...Object.fromEntries(all.map((column) => [column, TEXT])),
    ...Object.fromEntries([...layout.bytes].map((column) => [column, ['bytea']])),
    ...Object.fromEntries([...layout.dates].map((column) => [column, [date]])),
    id: ['integer', 'bigint'],
    retries: ['integer', 'bigint'],
    rb_revision: ['bigint'],
    rb_expires_at: ['double precision'],
  };
}

/** What there is of tables, columns, indexes, triggers and sequences. */
export function inspection(tables: Tables, layout: Layout): Pick<SchemaDialect, 'inspect' | 'found'> {
  const own = [tables.task, tables.group, tables.members, tables.versions];
  const typed = new Set([tables.task, tables.group]);
  const allowed = typesOf(layout);
  return {
    inspect: () => [
      {
        sql: `SELECT n AS tbl, attname AS col, format_type(atttypid, NULL) AS type, pg_relation_size(attrelid) AS bytes,
            (SELECT relkind FROM pg_class c WHERE c.oid = attrelid) AS kind
          FROM unnest($1::text[]) n JOIN pg_attribute ON attrelid = to_regclass(n) WHERE attnum > 0 AND NOT attisdropped`,
        params: [own],
      },
      {
        // An index that is being built just now is not valid yet either.
        sql: `SELECT relname || CASE WHEN indisvalid OR EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = indexrelid)
            THEN '' ELSE '@invalid' END AS name
          FROM unnest($1::text[]) n JOIN pg_index ON indrelid = to_regclass(n) JOIN pg_class c ON c.oid = indexrelid
          UNION ALL SELECT tgname FROM unnest($1::text[]) n JOIN pg_trigger ON tgrelid = to_regclass(n)
          UNION ALL SELECT '@' || encode(sha256(convert_to(prosrc, 'UTF8')), 'hex')
            FROM unnest($1::text[]) n JOIN pg_trigger ON tgrelid = to_regclass(n) JOIN pg_proc p ON p.oid = tgfoid
          UNION ALL SELECT n FROM unnest($2::text[]) n WHERE to_regclass(n) IS NOT NULL`,
        params: [own, [tables.taskSequence, tables.groupSequence, tables.channel]],
      },
    ],
    found: ([columns, objects]) => {
      const byTable = new Map<string, Set<string>>();
      const names = new Set(objects?.rows.map(({ name }) => String(name).toLowerCase()));
      const wrong: string[] = [];
      for (const { tbl, col, type, bytes, kind } of columns?.rows ?? []) {
        const [table, column] = [String(tbl), String(col)];
        byTable.set(table, (byTable.get(table) ?? new Set()).add(column));
        if (Number(bytes) > SMALL_BYTES) names.add(largeMark(table));
        if (kind === 'p') names.add(partitionedMark(table));
        const types = typed.has(table) ? allowed[column] : undefined;
        if (types && !types.includes(String(type)))
          wrong.push(`the column ${table}.${column} is ${type} and should be ${types[0]}`);
      }
      return { columns: byTable, objects: names, wrong };
    },
  };
}
