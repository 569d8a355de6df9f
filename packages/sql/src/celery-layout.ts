import type { Layout } from './layout.js';
import { MAX_ID } from './limits.js';
import { CELERY_COLUMNS, EXTENSION_COLUMNS } from './task-row.js';

/** Source: celery/backends/database/models.py. */
export const CELERY: Layout = {
  django: false,
  tables: { task: 'celery_taskmeta', group: 'celery_tasksetmeta' },
  columns: CELERY_COLUMNS,
  recent: new Set(),
  additions: EXTENSION_COLUMNS,
  usual: new Set(['task_id', 'status', 'result', 'date_done', 'traceback', 'rb_expires_at']),
  required: [],
  kept: new Set(),
  filled: new Set(),
  bytes: new Set(['result', 'args', 'kwargs']),
  dates: new Set(['date_done']),
  filters: { name: 'name', worker: 'worker', queue: 'queue' },
  group: { id: 'taskset_id', columns: ['result', 'date_done'] },
  maxId: MAX_ID,
  keeps: ['name', 'args', 'kwargs', 'worker', 'retries', 'queue'],
};
