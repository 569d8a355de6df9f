import type { Layout } from '../layout.js';

/** Source: django_celery_results/models.py. */
export const DJANGO_COLUMNS = [
  'task_id',
  'status',
  'result',
  'content_type',
  'content_encoding',
  'date_done',
  'date_created',
  'date_started',
  'traceback',
  'meta',
  'task_name',
  'task_args',
  'task_kwargs',
  'worker',
  'periodic_task_name',
] as const;

/** All but the deadline finds a place in the table as it is: in `meta`, a document that Django's backend fills freely too. */
export const DJANGO: Layout = {
  django: true,
  tables: { task: 'django_celery_results_taskresult', group: 'django_celery_results_groupresult' },
  columns: DJANGO_COLUMNS,
  // Of 2.6 and 2.3.
  recent: new Set(['date_started', 'periodic_task_name']),
  additions: ['rb_expires_at'],
  usual: new Set([
    ...['task_id', 'status', 'result', 'content_type', 'content_encoding', 'date_done', 'date_created', 'traceback'],
    ...['meta', 'rb_expires_at'],
  ]),
  required: ['content_type', 'content_encoding', 'date_done', 'date_created'],
  kept: new Set(['date_created']),
  filled: new Set(['date_started']),
  bytes: new Set(),
  dates: new Set(['date_done', 'date_created', 'date_started']),
  filters: { name: 'task_name', worker: 'worker', queue: undefined },
  group: { id: 'group_id', columns: ['result', 'content_type', 'content_encoding', 'date_created', 'date_done'] },
  maxId: 255,
  keeps: 'all',
};
