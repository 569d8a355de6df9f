import { ResultError, type TaskRecord } from '@rb/core';
import type { Dialect } from './dialect.js';
import { columnsOf, type Layout } from './layout.js';
import { checkId, checkState } from './limits.js';
import { isLarger, type StoredRow } from './task-row.js';

/** A record as a row that this database can hold, or why there is none. */
export function rowEncoder<Row extends StoredRow>(
  codec: { encode(record: TaskRecord): Row },
  dialect: Dialect,
  layout: Layout,
  maxBytes: number,
) {
  const columns = columnsOf(layout, true);
  return (record: TaskRecord): Row | ResultError => {
    try {
      checkId(record.taskId, 'task', layout.maxId);
      checkState(record.taskId, record.state);
      const row = codec.encode(record);
      const reason = dialect.unfit(row);
      if (reason !== undefined) return unfit(row, reason);
      return isLarger(row, columns, maxBytes) ? tooLarge(row, maxBytes) : row;
    } catch (error) {
      return error as ResultError; // The codec throws nothing else.
    }
  };
}

const tooLarge = ({ task_id: taskId }: StoredRow, maxBytes: number): ResultError =>
  new ResultError('RB_TOO_LARGE', `the record of task ${taskId} takes more than ${maxBytes} bytes (maxBytes)`, {
    taskId,
  });

const unfit = ({ task_id: taskId }: StoredRow, reason: string): ResultError =>
  new ResultError('RB_ENCODE', `the record of a task cannot be stored: ${reason}`, { taskId });
