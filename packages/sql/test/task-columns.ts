/** Of Celery's own task table, but for its id. */
export const TASK_COLUMNS: readonly string[] = [
  'task_id',
  'status',
  'result',
  'date_done',
  'traceback',
  'name',
  'args',
  'kwargs',
  'worker',
  'retries',
  'queue',
];
