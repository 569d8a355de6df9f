import { ResultNode } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { ENU_FILTERS } from './enu-filters.js';
import { ENU_HOLDING } from './enu-holding.js';
import { ENU_STATS } from './enu-stats.js';
import { fill, idsOf, nothingRepeated, pagesOf, repeatedAfter, scanned, scannedIds } from './scanning.js';

const PAGE = 4;
/** The contract's default. */
const DEFAULT_PAGE = 500;

/** Enumeration and cleanup. */
export const ENU: readonly Clause[] = [
  {
    id: 'ENU-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Every id live throughout the scan is yielded exactly once; others at most once.',
    hint: 'Page by a key that a rewrite keeps, after the last one seen; OFFSET skips, and SCAN repeats.',
    source: 'Redis SCAN: a given element may be returned multiple times; OFFSET under deletes',
    needs: ['scan'],
    async run(t) {
      const live = await fill(t, 20);
      const doomed = [...(await fill(t, 10))];
      const rewritten = t.random.shuffle(live);
      const seen: string[] = [];
      for await (const { records } of pagesOf(t.reader.store, { pageSize: PAGE })) {
        seen.push(...idsOf(records));
        // A few only: what is added during a scan may be seen, and must not keep it going for ever.
        const [gone, again] = [doomed.pop(), rewritten.pop()];
        if (gone === undefined || again === undefined || doomed.length < 3) continue;
        await t.writer.store.delete([gone]);
        await t.put(t.writer, { taskId: again, state: 'RETRY' });
        await t.put(t.writer, { state: 'STARTED' });
      }
      const once = new Set(seen);
      t.same(
        live.filter((taskId) => !once.has(taskId)),
        [],
        'ids live throughout the scan that it did not yield',
      );
      t.same(
        seen.filter((taskId, i) => seen.indexOf(taskId) !== i),
        [],
        'ids yielded more than once',
      );
    },
  },
  {
    id: 'ENU-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Groups, what other programs keep there, and records of other namespaces never appear.',
    hint: 'Scan by the exact prefix or table, escaped, and leave out what is no record.',
    source: "Celery keeps group keys beside task keys; Redis MATCH patterns match more than one's own",
    needs: ['scan'],
    async run(t) {
      const taskIds = await fill(t, 3);
      const { groups } = t.writer.store;
      for (const groupId of [t.id('group'), taskIds[0] ?? '']) {
        const members = [new ResultNode('member')];
        await groups?.save({ groupId, members, parent: null, expiresAt: null });
        await groups?.report(groupId, t.record({ taskId: 'member' }));
      }
      await t.world.raw?.litter?.();
      const elsewhere = await t.world.open('other-namespace');
      if (elsewhere) {
        const other = t.adopt('other', elsewhere);
        await other.store.put([t.record({ taskId: 'elsewhere' })]);
        t.same(await scannedIds(other), ['elsewhere'], 'ids that a scan of the other namespace yields');
      }
      t.same(await scannedIds(t.reader), taskIds, 'ids that a scan yields');
    },
  },
  ...ENU_HOLDING,
  {
    id: 'ENU-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'No page has more records than `pageSize`, 500 where none is given.',
    hint: 'Cut pages yourself where the server only takes a hint (SCAN COUNT).',
    source: 'Redis SCAN COUNT is a hint; the contract, ScanOptions',
    needs: ['scan'],
    async run(t) {
      const few = await fill(t, 10);
      for (const pageSize of [1, 3, 10, 11]) await pagedBy(t, pageSize, few);
      const more = await fill(t, DEFAULT_PAGE + 90);
      await pagedBy(t, undefined, [...few, ...more].toSorted());
    },
  },
  {
    id: 'ENU-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "Each page's cursor resumes after it, through another handle and with another page size, also where the last record of the page is gone; after the last page there is nothing.",
    hint: 'Let the cursor be the key of the last record, not a position, a server-side cursor, or state of the process.',
    source: 'The contract, ScanPage.cursor',
    needs: ['scan'],
    async run(t) {
      await nothingRepeated(t, async () => {
        const repeated: string[] = [];
        const all = await fill(t, 23);
        const pages: { readonly left: readonly string[]; readonly last: string; readonly cursor: string }[] = [];
        let left = all;
        for await (const { records, cursor } of pagesOf(t.reader.store, { pageSize: 5 })) {
          t.same(typeof cursor, 'string', 'type of a cursor');
          const page = new Set(idsOf(records));
          left = left.filter((taskId) => !page.has(taskId));
          pages.push({ left, last: records.at(-1)?.taskId ?? '', cursor });
        }
        t.same(left, [], 'ids that the whole scan did not yield');
        const another = await t.open();
        for (const { left: rest, last, cursor } of pages) {
          const after = { after: cursor, pageSize: PAGE };
          repeated.push(...(await repeatedAfter(t, another, rest, after)));
          await t.writer.store.delete([last]);
          repeated.push(...(await repeatedAfter(t, another, rest, after)));
        }
        await t.writer.store.delete(all);
        return repeated;
      });
    },
  },
  ...ENU_FILTERS,
  {
    id: 'ENU-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A scanned record is the one that `get` returns, with the stored form where it was asked for.',
    hint: 'Decode both by the same function.',
    source: 'The contract, ScanOptions extends GetOptions',
    needs: ['scan'],
    async run(t) {
      await t.put(t.writer, { state: 'SUCCESS', result: { a: [1] }, meta: { name: 'n', args: [1], retries: 2 } });
      await t.put(t.writer, { state: 'STARTED', result: null, traceback: 'text' });
      if (t.reader.bare.expiry) await t.put(t.writer, { expiresAt: Math.floor(t.now()) + 3_600_000 });
      for (const verbatim of [undefined, false, true]) {
        const found = await scanned(t.reader, { verbatim });
        const expected = await t.get(t.reader, idsOf(found), { verbatim });
        t.same(found.length > 1, true, 'whether the scan yields the records');
        t.same(found, expected, `what a scan with verbatim: ${verbatim} yields`);
      }
    },
  },
  {
    id: 'ENU-12',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An undecodable record is yielded as refused, with its id, and does not end the scan.',
    hint: 'Decode each record by itself; who cleans up looks for exactly these.',
    source: 'The contract, ScanPage',
    needs: ['scan', 'raw'],
    async run(t) {
      const { garbage = 'rb: not a stored record' } = t.raw;
      const damaged = t.id();
      const before = await fill(t, 3);
      await t.raw.write(damaged, garbage);
      const after = await fill(t, 3);
      for (const pageSize of [1, 100]) {
        const found = await scanned(t.reader, { pageSize });
        t.same(idsOf(found).toSorted(), [...before, damaged, ...after].toSorted(), 'ids that the scan yields');
        const refused = found.flatMap((each) => ('refused' in each ? [[each.taskId, each.refused.code]] : []));
        t.same(refused, [[damaged, 'RB_DECODE']], 'what of them is refused');
      }
    },
  },
  ...ENU_STATS,
];

async function pagedBy(t: ClauseContext, pageSize: number | undefined, expected: readonly string[]): Promise<void> {
  const seen: string[] = [];
  const sizes: number[] = [];
  for await (const { records } of pagesOf(t.reader.store, pageSize === undefined ? {} : { pageSize })) {
    sizes.push(records.length);
    seen.push(...idsOf(records));
  }
  const limit = pageSize ?? DEFAULT_PAGE;
  t.same(
    sizes.filter((size) => size > limit),
    [],
    `sizes beyond ${limit} of pages asked for with pageSize ${pageSize}`,
  );
  t.same(seen.toSorted(), expected, `ids yielded with pageSize ${pageSize}`);
}
