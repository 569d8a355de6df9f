import type { SqlValue } from '../executor.js';
import type { Layout } from '../layout.js';

/** Celery's DATETIME has no fraction; MySQL would round one up, into a second that has not been. Django's has six digits. */
export const stored = ({ django, dates }: Layout, column: string, value: SqlValue | undefined): SqlValue =>
  !django && dates.has(column) && typeof value === 'string' ? value.slice(0, 19) : (value ?? null);
