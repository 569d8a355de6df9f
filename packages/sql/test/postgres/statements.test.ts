import { expect, it } from 'vitest';
import { CELERY } from '../../src/celery-layout.js';
import { postgresStatements } from '../../src/postgres/statements.js';
import { tablesOf } from '../../src/postgres/tables.js';
import { COLUMNS, type TaskRow } from '../../src/task-row.js';

const statements = postgresStatements(tablesOf(CELERY), CELERY, true);
const rowOf = (id: string, status: string, result: Uint8Array | null = null): TaskRow => ({
  ...(Object.fromEntries(COLUMNS.map((column) => [column, null])) as unknown as TaskRow),
  task_id: id,
  status,
  result,
});

it('writes a batch by one statement, in one order, and an id that comes again by a later one', () => {
  const rows = ['b', 'a', 'b', 'c', 'b'].map((id, i) => rowOf(id, String(i)));
  const [first, second, third, ...more] = statements.put(rows, 0).map(({ params }) => params.slice(0, 2));
  expect([first, second, third]).toEqual([
    [
      ['a', 'b', 'c'],
      ['1', '0', '3'],
    ],
    ['b', '2'],
    ['b', '4'],
  ]);
  expect(more).toEqual([]);
  expect(statements.put([], 0)).toEqual([]);
});

it('cuts a batch that is too large for one statement, and still writes an id in its order', () => {
  // Never copied.
  const large = new Uint8Array(20_000_000);
  const ids = Array.from({ length: 10 }, (_, i) => `t${i}`);
  const rows = ids.flatMap((id) => [rowOf(id, 'STARTED', large), rowOf(id, 'SUCCESS', large)]);
  const written = statements.put(rows, 0).map(({ params }) => {
    // A single row is no list.
    const [taskIds = [], states = []] = params.slice(0, 2).map((values) => [values].flat());
    expect(taskIds.length).toBeLessThanOrEqual(3);
    return taskIds.map((id, i) => `${id} ${states[i]}`);
  });
  expect(written.flat()).toHaveLength(20);
  for (const id of ids) {
    const [started, succeeded] = ['STARTED', 'SUCCESS'].map((state) =>
      written.findIndex((statement) => statement.includes(`${id} ${state}`)),
    );
    expect(started).toBeLessThan(succeeded ?? -1);
  }
});
