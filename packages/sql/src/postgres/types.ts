import type { Layout } from '../layout.js';

/** Of the others' dates. Django's are instants: their text in a parameter has an offset. */
export const dateType = ({ django }: Pick<Layout, 'django'>): string => (django ? 'timestamptz' : 'timestamp');

export function typeOf(layout: Layout, column: string): string {
  if (layout.bytes.has(column)) return 'bytea';
  if (layout.dates.has(column)) return dateType(layout);
  if (column === 'rb_expires_at') return 'float8';
  return column === 'retries' ? 'int4' : 'text';
}

/** As SQLAlchemy stores it in SQLite, whatever the session's DateStyle: six digits of fraction, no zone. */
export const asText = ({ django }: Layout, date: string): string =>
  `to_char(${date}${django ? " AT TIME ZONE 'UTC'" : ''}, 'YYYY-MM-DD HH24:MI:SS.US')`;
