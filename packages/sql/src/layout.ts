import { CELERY } from './celery-layout.js';
import { DJANGO } from './django/layout.js';
import type { Found } from './schema.js';

export const LAYOUT_NAMES = ['extended', 'celery', 'django', 'django-extended'] as const;

/** Celery's own tables or those of django-celery-results; `extended`: with this package's columns beside theirs. */
export type LayoutName = (typeof LAYOUT_NAMES)[number];

/** What statements and schema must know of a pair of tables that others made. Column names are theirs. */
export interface Layout {
  /** Of django-celery-results: made by Django's migrations alone. */
  readonly django: boolean;
  /** Default names of the tables. */
  readonly tables: { readonly task: string; readonly group: string };
  /** Of the task table, but for its id; `task_id` first. */
  readonly columns: readonly string[];
  /** Of these, the ones that tables of older versions lack. */
  readonly recent: ReadonlySet<string>;
  /** Ours that hold parts of a record. */
  readonly additions: readonly string[];
  /** Of most records only these have a value; the others are left to their default NULL. */
  readonly usual: ReadonlySet<string>;
  /** May not be NULL, and have no default; `task_id` and `status` aside. */
  readonly required: readonly string[];
  /** A rewrite leaves the column as it is ... */
  readonly kept: ReadonlySet<string>;
  /** ... or unless it brings a value. */
  readonly filled: ReadonlySet<string>;
  readonly bytes: ReadonlySet<string>;
  readonly dates: ReadonlySet<string>;
  /** Of the filters of `scan`, the column of each; of what has none, records are asked once they are read. */
  readonly filters: { readonly name: string; readonly worker: string; readonly queue: string | undefined };
  /** Of the group table: its id's column, and those of the group itself. */
  readonly group: { readonly id: string; readonly columns: readonly string[] };
  /** Most characters of an id. */
  readonly maxId: number;
  /** Keys of `meta` that survive without our columns. */
  readonly keeps: 'all' | readonly string[];
}

export const layoutOf = (name: LayoutName): Layout => (isDjango(name) ? DJANGO : CELERY);

export const isDjango = (name: LayoutName): boolean => name.startsWith('django');

/** Whether this package's columns are wanted. */
export const isExtended = (name: LayoutName): boolean => name.endsWith('extended');

/** Errors: TypeError for those of Django, which retention does not know. */
export function ofCelery(name: LayoutName): 'extended' | 'celery' {
  if (name === 'extended' || name === 'celery') return name;
  throw new TypeError(`expected one of extended, celery as layout of tables with retention, got ${name}`);
}

export const columnsOf = ({ columns, additions }: Layout, extended: boolean): readonly string[] =>
  extended ? [...columns, ...additions] : columns;

/** The layout without what the table that was found is too old for. */
export function presentIn(layout: Layout, { columns }: Found, table: string): Layout {
  const { recent } = layout;
  return { ...layout, columns: layout.columns.filter((name) => !recent.has(name) || columns.get(table)?.has(name)) };
}

/** Of columns to add, those whose part of a record this layout leaves to them. */
export const additionsOf = (
  { additions }: Layout,
  types: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(types).filter(([column]) => additions.includes(column) || !CELERY.additions.includes(column)),
  );

/** What an upsert makes of the columns of a row that is there. */
export function assignmentsOf(
  { kept, filled }: Layout,
  columns: readonly string[],
  fresh: (column: string) => string,
  old: (column: string) => string,
): { readonly name: string; readonly value: string }[] {
  return columns
    .filter((name) => name !== 'task_id' && !kept.has(name))
    .map((name) => ({ name, value: filled.has(name) ? `coalesce(${fresh(name)}, ${old(name)})` : fresh(name) }));
}
