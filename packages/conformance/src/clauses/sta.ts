import type { Clause } from '../clause.js';
import { STA_HISTORIES } from './sta-histories.js';

/** States: SUCCESS is final, everything else is replaced, decided inside the store. */
export const STA: readonly Clause[] = [
  {
    id: 'STA-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After SUCCESS was readable, no later put changes what any read returns.',
    hint: 'Make the write conditional in one statement or script; a read followed by a write is not enough (CON-2).',
    source: 'Celery backends/base.py _store_result',
    async run({ writer, reader, put, read, same }) {
      const taskId = await put(writer, { state: 'SUCCESS', result: 'keep' });
      for (const state of ['STARTED', 'RETRY', 'FAILURE', 'REVOKED', 'SUCCESS', 'PROGRESS']) {
        await put(writer, { taskId, state, result: null });
        same((await read(reader, taskId))?.result, 'keep', `result after a later ${state}`);
      }
    },
  },
  {
    id: 'STA-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "Such a put resolves { applied: false, state: 'SUCCESS' }.",
    hint: 'Let the statement or script tell whether it wrote: rows affected, a return value.',
    source: 'packages/core/src/contract.ts PutOutcome',
    needs: ['any-reader'],
    async run({ writer, reader, put, putOne, same }) {
      const taskId = await put(writer, { state: 'SUCCESS' });
      for (const state of ['STARTED', 'FAILURE', 'SUCCESS', 'PROGRESS']) {
        for (const through of [writer, reader]) {
          const outcome = await putOne(through, { taskId, state, result: null });
          same(outcome, { applied: false, state: 'SUCCESS' }, `outcome of putting ${state} over SUCCESS`);
        }
      }
      same(
        await putOne(writer, { state: 'SUCCESS' }),
        { applied: true },
        'outcome of the first SUCCESS of another task',
      );
    },
  },
  {
    id: 'STA-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'FAILURE and REVOKED are replaced by a later put of any state.',
    hint: 'Only SUCCESS is final: a retried or restarted task goes on after a failure.',
    source: 'Celery backends/base.py _store_result guards SUCCESS alone',
    async run({ writer, reader, put, read, now, same }) {
      for (const first of ['FAILURE', 'REVOKED']) {
        for (const second of ['STARTED', 'RETRY', 'PROGRESS', 'FAILURE', 'REVOKED', 'SUCCESS']) {
          // By a clock that is ahead: what counts is the order of the puts, not what they say of their time.
          const taskId = await put(writer, { state: first, result: null, traceback: 'first', doneAt: now() + 60_000 });
          await put(writer, { taskId, state: second, result: null });
          const found = await read(reader, taskId);
          same([found?.state, found?.traceback], [second, null], `state and traceback after ${first}, then ${second}`);
        }
      }
    },
  },
  {
    id: 'STA-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'STARTED, RETRY, STARTED, SUCCESS are all applied and each is readable in its turn.',
    hint: "Do not guard by Celery's PRECEDENCE, which ranks RETRY below STARTED.",
    source: 'Celery states.py PRECEDENCE, which no backend uses as a guard',
    async run({ writer, reader, put, read, same, id }) {
      const taskId = id();
      for (const [i, state] of ['PENDING', 'RECEIVED', 'STARTED', 'RETRY', 'STARTED', 'SUCCESS'].entries()) {
        await put(writer, { taskId, state, result: i });
        const found = await read(reader, taskId);
        same([found?.state, found?.result], [state, i], `state and result after put ${i}`);
      }
    },
  },
  {
    id: 'STA-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'The same SUCCESS put twice leaves one record and reports the second as not applied.',
    hint: 'Compare states, not contents: the second is refused although it says the same.',
    source: 'design: a repeated write is harmless, and told apart from the first',
    needs: ['any-reader'],
    async run({ writer, reader, record, putAll, read, same }) {
      const success = record({ state: 'SUCCESS', result: [1] });
      same(await putAll(writer, [success]), [{ applied: true }], 'outcome of the first');
      same(await putAll(reader, [success]), [{ applied: false, state: 'SUCCESS' }], 'outcome of the same again');
      same(await read(reader, success.taskId), success, 'the record');
    },
  },
  {
    id: 'STA-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A custom state is stored verbatim, is not ready, and is replaced by any put.',
    hint: 'Keep states as text: an enumeration knows only yours.',
    source: 'Celery Task.update_state takes any text',
    async run({ writer, reader, put, putOne, read, id, same }) {
      const custom = [
        'PROGRESS',
        'my state: 50 %',
        ' spaced ',
        'success',
        'SUCCESS (in part)',
        'ÜBERTRAGEN',
        'constructor',
      ];
      for (const state of custom) {
        const taskId = await put(writer, { state, result: { current: 1 }, doneAt: null });
        const found = await read(reader, taskId);
        same(
          [found?.state, found?.result, found?.doneAt],
          [state, { current: 1 }, null],
          `state, result and doneAt of ${state}`,
        );
        await put(writer, { taskId, state: 'STARTED', result: null });
        same((await read(reader, taskId))?.state, 'STARTED', `state put over ${state}`);
      }
      // Columns are made for short words, and may refuse a long one.
      const [taskId, long] = [id(), 'LOADING'.padEnd(60, '.')];
      const outcome = await putOne(writer, { taskId, state: long, result: null, doneAt: null });
      const expected = 'refused' in outcome ? undefined : long;
      same((await read(reader, taskId))?.state, expected, 'a state of 60 characters, verbatim or refused');
    },
  },
  ...STA_HISTORIES,
];
