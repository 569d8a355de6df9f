import type { GetOutcome, TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { FAR_MS, passDeadline } from './deadlines.js';

/** Reads that ask for no deadlines: nothing else may be missing, and what has expired is gone all the same. */
export const EXP_UNASKED: readonly Clause[] = [
  {
    id: 'EXP-14',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Read with `deadlines: false` records are the same, `expiresAt` aside, which is the deadline or null; expired ones are not there.',
    hint: 'Leave out the question for deadlines, not the deadlines: the server still has to hide what has expired.',
    source: 'The contract, ReadOptions.deadlines',
    needs: ['expiry'],
    async run(t) {
      const now = Math.floor(t.now());
      const expired = await t.put(t.writer, { expiresAt: now + t.ttlMs });
      const fields = samples(now + t.ttlMs + FAR_MS);
      const taskIds: string[] = [];
      for (const each of fields) taskIds.push(await t.put(t.writer, each));
      await passDeadline(t, t.ttlMs, expired, ...taskIds);
      // Of what an owner reads this is when it has arrived.
      for (const taskId of taskIds)
        t.same((await t.read(t.reader, taskId))?.taskId, taskId, 'id of a record before its deadline');
      const asked = [...taskIds, expired, t.id(), ...taskIds.slice(0, 1)];
      for (const verbatim of [false, true]) {
        const whole = await t.get(t.reader, asked, { verbatim });
        const bare = await t.get(t.reader, asked, { verbatim, deadlines: false });
        t.same(bare.length, asked.length, 'outcomes of a get without deadlines');
        for (const [i, outcome] of bare.entries()) isSameButForDeadline(t, outcome, whole[i]);
      }
    },
  },
  {
    id: 'EXP-15',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A subscription with `deadlines: false` is told the same final records, `expiresAt` aside, which is the deadline or null.',
    hint: 'Tell what the message holds at once; take nothing else from the record than its deadline.',
    source: 'The contract, NotifyCapability.subscribe',
    needs: ['expiry', 'notify'],
    async run(t) {
      const fields = samples(Math.floor(t.now()) + FAR_MS).map((each) => ({ ...each, taskId: t.id() }));
      const taskIds = fields.map(({ taskId }) => taskId);
      const whole = await t.watch(t.reader, taskIds);
      const bare = await t.watch(t.reader, taskIds, { deadlines: false });
      for (const each of fields) await t.put(t.writer, each);
      for (const { taskId, state } of fields) {
        const isIt = (record: TaskRecord): boolean => record.taskId === taskId && record.state === state;
        const expected = await whole.until(`${state}, with deadlines`, isIt);
        isSameButForDeadline(t, await bare.until(`${state}, without deadlines`, isIt), expected);
      }
    },
  },
];

/** Of each kind one with a deadline and one without; with more than a value in them. */
const samples = (expiresAt: number): readonly Partial<TaskRecord>[] =>
  [expiresAt, null].flatMap((deadline) => [
    { state: 'SUCCESS', result: { total: 42 }, meta: { name: 'tasks.add', args: [1, 2] }, expiresAt: deadline },
    { state: 'FAILURE', result: null, traceback: 'Traceback', expiresAt: deadline },
    { state: 'PROGRESS', result: 'half', expiresAt: deadline },
  ]);

function isSameButForDeadline(t: ClauseContext, bare: GetOutcome, whole: GetOutcome): void {
  if (bare === undefined || whole === undefined || 'refused' in bare || 'refused' in whole) {
    t.same(bare, whole, 'outcome without deadlines, where there is no record');
    return;
  }
  t.same({ ...bare, expiresAt: whole.expiresAt }, whole, 'record read without deadlines');
  if (bare.expiresAt !== null) t.same(bare.expiresAt, whole.expiresAt, 'expiresAt, told unasked');
}
