import type { PutOutcome } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';

/** Many, as the contract's batches have it. */
const MANY = 1_000;

const briefly = (outcome: PutOutcome | undefined): unknown =>
  outcome && ('refused' in outcome ? `refused ${outcome.refused.taskId}` : outcome.applied ? 'applied' : outcome.state);

/** No serializer carries one: it is code. */
const UNENCODABLE: unknown = () => 'code';

/** Batches. */
export const STO_BATCHES: readonly Clause[] = [
  {
    id: 'STO-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: '1,000 ids in one get return 1,000 aligned entries.',
    hint: 'Split what is beyond the limits of parameters or slots, and join the answers in order.',
    source: 'SQLite takes 32,766 parameters, some proxies fewer; packages/core/src/contract.ts ResultStore.get',
    async run(t) {
      const records = Array.from({ length: MANY - 100 }, (_, i) => t.record({ taskId: t.id(), result: i }));
      for (let from = 0; from < records.length; from += 100) await t.putAll(t.writer, records.slice(from, from + 100));
      const unknown = Array.from({ length: 60 }, () => t.id());
      const stored = new Map(records.map(({ taskId, result }) => [taskId, result]));
      const ids = t.random.shuffle([...stored.keys(), ...unknown, ...[...stored.keys()].slice(0, 40)]);
      const expected = ids.map((taskId) => stored.get(taskId));
      const found = await settledResults(t, ids, MANY - unknown.length);
      t.same(found, expected, 'results of one get of 1,000 ids, of which 60 are unknown and 40 come twice');
    },
  },
  {
    id: 'STO-15',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'In one put, a record that is refused leaves the others applied, and its outcome names it.',
    hint: 'Encode each record on its own, before the batch is sent.',
    source: 'packages/core/src/contract.ts PutOutcome',
    async run({ writer, reader, record, putAll, read, same }) {
      const [first, bad, last] = [
        record({ result: 1 }),
        record({ result: UNENCODABLE }),
        record({ result: 3 }),
      ] as const;
      const outcomes = await putAll(writer, [first, bad, last]);
      same(
        outcomes.map(briefly),
        ['applied', `refused ${bad.taskId}`, 'applied'],
        'outcomes of a put whose second record cannot be encoded',
      );
      same((await read(reader, first.taskId))?.result, 1, 'result of the record before the refused one');
      same((await read(reader, last.taskId))?.result, 3, 'result of the record after the refused one');
      same(await read(reader, bad.taskId), undefined, 'the refused record');
    },
  },
  {
    id: 'STO-16',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'The same id several times in one put has the effect of putting them one after another.',
    hint: 'One statement over all rows sees the state before it: an upsert may refuse to touch a row twice, or keep the first.',
    source: 'PostgreSQL: ON CONFLICT DO UPDATE command cannot affect row a second time; packages/core/src/contract.ts',
    async run({ writer, reader, facts, record, putAll, read, same, id }) {
      const [a, b] = [id('a'), id('b')];
      const outcomes = await putAll(writer, [
        record({ taskId: a, state: 'STARTED', result: 1 }),
        record({ taskId: b, state: 'STARTED', result: 1 }),
        record({ taskId: a, state: 'SUCCESS', result: 2 }),
        record({ taskId: b, state: 'PROGRESS', result: 2 }),
        record({ taskId: a, state: 'FAILURE', result: null }),
        record({ taskId: b, state: 'RETRY', result: null }),
      ]);
      if (facts.traits.readers === 'any') {
        const expected = ['applied', 'applied', 'applied', 'applied', 'SUCCESS', 'applied'];
        same(
          outcomes.map(briefly),
          expected,
          'outcomes of STARTED, SUCCESS, FAILURE of one id and STARTED, PROGRESS, RETRY of another',
        );
      }
      same((await read(reader, a))?.state, 'SUCCESS', 'the state of the first id');
      same((await read(reader, b))?.state, 'RETRY', 'the state of the second id');

      // However a store splits what is large, the order of what concerns one id stays.
      const many = Array.from({ length: MANY }, () => record({ state: 'STARTED' }));
      const c = many[0]?.taskId ?? '';
      await putAll(writer, [...many.slice(0, -1), record({ taskId: c, state: 'RETRY', result: 'last' })]);
      const found = await read(reader, c);
      same(
        [found?.state, found?.result],
        ['RETRY', 'last'],
        'state and result of the id that is first and last of 1,000',
      );
    },
  },
  {
    id: 'STO-17',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A put of 1,000 records returns 1,000 aligned outcomes.',
    hint: 'Split large batches, and put the outcome of each record back in its place.',
    source: 'packages/core/src/contract.ts ResultStore.put',
    async run(t) {
      const refused = t.random.below(MANY);
      const records = Array.from({ length: MANY }, (_, i) => t.record({ result: i === refused ? UNENCODABLE : i }));
      // Where the store tells: some of them are final already.
      const isTaken = (i: number): boolean => t.facts.traits.readers === 'any' && i % 7 === 3 && i !== refused;
      const taken = records.filter((_, i) => isTaken(i)).map((each) => ({ ...each, result: 'first' }));
      if (taken.length > 0) await t.putAll(t.writer, taken);
      const outcomes = await t.putAll(t.writer, records);
      const expected = records.map(({ taskId }, i) => {
        if (i === refused) return `refused ${taskId}`;
        return isTaken(i) ? 'SUCCESS' : 'applied';
      });
      const which = `number ${refused} cannot be encoded, and number 3 and every seventh after it is final already`;
      t.same(outcomes.map(briefly), expected, `outcomes of 1,000 records of which ${which}`);
      for (const i of [0, MANY - 1]) {
        const found = await t.read(t.reader, records[i]?.taskId ?? '');
        t.same(found?.result, i === refused ? undefined : isTaken(i) ? 'first' : i, `result of record ${i}`);
      }
    },
  },
];

/** Of one get; where results travel, of the one that finds all of them there. */
async function settledResults(t: ClauseContext, ids: readonly string[], stored: number): Promise<readonly unknown[]> {
  const until = performance.now() + t.settleMs;
  for (;;) {
    const outcomes = await t.get(t.reader, ids);
    const isWhole = outcomes.filter(Boolean).length >= stored;
    if (isWhole || t.facts.traits.readers === 'any' || performance.now() > until) {
      return outcomes.map((outcome) => outcome && ('state' in outcome ? outcome.result : outcome));
    }
    await t.sleep(5);
  }
}
