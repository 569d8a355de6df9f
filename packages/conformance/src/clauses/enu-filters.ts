import type { ScanFilter, TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { idsOf, nothingRepeated, pagesOf, repeatedAfter, scannedIds } from './scanning.js';

const T = 1_767_225_600_000;

/** Names that differ in case, and would match each other as patterns. */
const RECORDS: Readonly<Record<string, Partial<TaskRecord>>> = {
  a: { state: 'SUCCESS', doneAt: T, meta: { name: 'app.add', worker: 'w1@host', queue: 'q_1' } },
  b: { state: 'FAILURE', doneAt: T + 1_000, meta: { name: 'app.add', worker: 'w2@host', queue: 'q_1' } },
  c: { state: 'STARTED', doneAt: null, meta: { name: 'app.mul', worker: 'w1@host', queue: 'qx1' } },
  d: { state: 'SUCCESS', doneAt: T + 2_000, meta: { name: 'app.mul', worker: 'w2@host', queue: 'qx1' } },
  e: { state: 'PROGRESS', doneAt: null, meta: {} },
  f: { state: 'REVOKED', doneAt: T + 3_000, meta: { name: 'App.Add', worker: 'w1@host', queue: "q'1" } },
};

const CASES: readonly (readonly [ScanFilter, expected: string])[] = [
  [{}, 'abcdef'],
  [{ states: ['SUCCESS'] }, 'ad'],
  [{ states: ['SUCCESS', 'STARTED', 'PENDING'] }, 'acd'],
  [{ states: ['PROGRESS'] }, 'e'],
  [{ name: 'app.add' }, 'ab'],
  [{ name: 'app.%' }, ''],
  [{ worker: 'w1@host' }, 'acf'],
  [{ queue: 'q_1' }, 'ab'],
  [{ queue: "q'1" }, 'f'],
  [{ since: T + 1_000 }, 'bdf'],
  [{ until: T + 2_000 }, 'ab'],
  [{ since: T + 1_000, until: T + 2_000 }, 'b'],
  [{ since: T + 1, until: T + 1_000 }, ''],
  [{ since: 0 }, 'abdf'],
  [{ name: 'app.mul', worker: 'w2@host' }, 'd'],
  [{ states: ['SUCCESS', 'REVOKED'], worker: 'w1@host', since: T + 1 }, 'f'],
];

/** Scans of some of what is stored. */
export const ENU_FILTERS: readonly Clause[] = [
  {
    id: 'ENU-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A filter yields exactly the records that match all of it: `since` inclusive, `until` exclusive, neither for what is not done; names exactly.',
    hint: 'Use matchesFilter() of @rb/core where no query can say it; mind collations, LIKE, and dates of records that are not done.',
    source: 'The contract, ScanFilter',
    needs: ['scan'],
    async run(t) {
      await t.putAll(
        t.writer,
        Object.entries(RECORDS).map(([taskId, fields]) => t.record({ taskId, ...fields })),
      );
      for (const [filter, expected] of CASES) {
        if (!isKept(t, filter)) continue;
        const found = await scannedIds(t.reader, { filter });
        t.same(found.join(''), expected, `ids that the filter ${JSON.stringify(filter)} yields`);
      }
    },
  },
  {
    id: 'ENU-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A filtered scan pages and resumes like any other, however far apart the matching records are.',
    hint: 'A page without a match is not the last one: filter first, then count, and end when the store ends.',
    source: 'LIMIT before WHERE; Redis SCAN with MATCH',
    needs: ['scan'],
    async run(t) {
      const records = Array.from({ length: 60 }, (_, i) => t.record({ state: i % 10 === 9 ? 'FAILURE' : 'STARTED' }));
      await t.putAll(t.writer, records);
      const matching = idsOf(records.filter(({ state }) => state === 'FAILURE')).toSorted();
      const filter = { states: ['FAILURE'] };
      for (const pageSize of [1, 2, 5, 100]) {
        await nothingRepeated(t, async () => {
          const repeated: string[] = [];
          let left: readonly string[] = matching;
          for await (const page of pagesOf(t.reader.store, { filter, pageSize })) {
            const ids = new Set(idsOf(page.records));
            left = left.filter((taskId) => !ids.has(taskId));
            repeated.push(...(await repeatedAfter(t, t.reader, left, { filter, pageSize, after: page.cursor })));
          }
          t.same(left, [], `matching ids that a filtered scan with pageSize ${pageSize} did not yield`);
          return repeated;
        });
      }
    },
  },
];

const isKept = ({ facts }: ClauseContext, filter: ScanFilter): boolean =>
  (['name', 'worker', 'queue'] as const).every(
    (key) => filter[key] === undefined || facts.traits.keeps === 'all' || facts.traits.keeps.includes(key),
  );
