import type { StoredForm, Vector } from '@rb/conformance';
import { json } from '@rb/core';
import { pickleSerializer } from '@rb/serializers/pickle';
import { CELERY_VERSIONS, type Vector as CeleryVector, columnOf, vectors } from '@rb/vectors';
import { doneAtOf, metaOf, RESULTS } from '../expected.ts';
import { TASK_COLUMNS } from '../task-columns.ts';

type Database = 'sqlite' | 'mysql' | 'postgresql';

/** A row of Celery's table, or the columns of it that are not null. */
export type Row = Readonly<Record<string, Uint8Array | string | number | null>>;

const rowOf = (vector: CeleryVector): Row =>
  Object.fromEntries(TASK_COLUMNS.map((column) => [column, columnOf(vector, column)]));

const title = ({ celery, name, extended }: CeleryVector): string =>
  `Celery ${celery}: ${name}${extended ? ', extended' : ''}`;

/** Whole floats read as numbers, which are written as integers; and what is written of no class of JavaScript's is refused. */
const READ_ONLY = new Set(['success_float1_0', 'success_opaque_object']);

/** Every row that Celery stored with JSON arguments, and what it means. */
export const celeryVectors = (database: Database, results: typeof RESULTS = RESULTS): readonly Vector[] =>
  CELERY_VERSIONS.flatMap((celery) =>
    vectors(database, celery)
      .filter(({ serializer, task_id: id, raw }) => serializer === 'json' && id !== undefined && raw.rows > 0)
      .map((vector) => ({
        name: title(vector),
        stored: rowOf(vector),
        readOnly: READ_ONLY.has(vector.name),
        record: {
          taskId: vector.task_id ?? '',
          state: vector.celery_reads.status ?? '',
          result: results[vector.name]?.(vector),
          traceback: columnOf(vector, 'traceback') as string | null,
          doneAt: doneAtOf(vector),
          meta: metaOf(vector),
          expiresAt: null,
        },
      })),
  );

/** Arguments that a worker with another `result_serializer` stored. */
export function foreignRows(database: Database): readonly StoredForm[] {
  return vectors(database, '5.6.3')
    .filter(({ name, extended, serializer }) => name === 'success_none' && extended && serializer !== 'json')
    .map((vector) => ({ name: `args and kwargs as ${vector.serializer}`, stored: rowOf(vector) }));
}

const pickle = pickleSerializer({ exactFloats: true });

/** Python pickles with a newer protocol, and its JSON has spaces: the values must be the same. A column that is null is none. */
export function canonicalRow(row: Row): unknown {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([column, value]) => {
        if (!(value instanceof Uint8Array)) return [column, value];
        return [column, column === 'result' ? pickle.decode(value) : json.decode(value)];
      }),
  );
}

const DEPTH = 10_000;

export function deepRows(): readonly StoredForm[] {
  const lists = [...Array(DEPTH).fill(EMPTY_LIST), ...Array(DEPTH - 1).fill(APPEND)];
  return [
    { name: 'a pickle of lists nested 10,000 deep', stored: rowWith('result', [PROTO, 2, ...lists, STOP]) },
    {
      name: 'arguments nested 10,000 deep',
      stored: rowWith('args', Buffer.from('['.repeat(DEPTH) + ']'.repeat(DEPTH))),
    },
  ];
}

const rowWith = (column: string, bytes: Iterable<number>): Row => ({
  status: 'SUCCESS',
  [column]: Uint8Array.from(bytes),
});

/** Opcodes of pickle. */
const [PROTO, EMPTY_LIST, APPEND, STOP] = [0x80, 0x5d, 0x61, 0x2e];
