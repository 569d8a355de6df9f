import type { Clause } from '../clause.js';
import type { ClauseContext, OpenStore } from '../context.js';
import { usedBytes } from '../memory-use.js';
import { fill, idsOf, inTime, pagesOf, scannedIds } from './scanning.js';

/** More than any pool has. */
const REPEATED = 25;

const SOAKED = 100_000;
const SOAKED_RESULT = 'x'.repeat(1_024);
/** Looked at once on the first page, for who fetches everything before it, and once here, for who keeps what was seen. */
const LATE = SOAKED * 0.75;
/** The ids and a few pages, and nowhere near the 100 MiB of all that is scanned. */
const MAX_GROWTH_BYTES = 32 * 2 ** 20;

/** What a scan holds, and lets go. */
export const ENU_HOLDING: readonly Clause[] = [
  {
    id: 'ENU-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Leaving the loop early, again and again, leaves no cursor, lock or connection behind.',
    hint: "Hold nothing between pages, or release it in the generator's finally: `break` calls its return().",
    source: 'Pools run dry of cursors that nobody closed',
    needs: ['scan'],
    async run(t) {
      const taskIds = await fill(t, 9);
      await scannedIds(t.reader, { pageSize: 2 });
      const before = t.reader.handle.link?.connections();
      for (let i = 0; i < REPEATED; i += 1) {
        await inTime(t, `the first page of scan ${i + 1}, those before left early,`, firstPage(t.reader));
      }
      await stillWorks(t, taskIds, before);
    },
  },
  {
    id: 'ENU-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Aborting mid-scan rejects with RB_ABORTED, as does a scan with a signal already aborted, and nothing is left behind.',
    hint: 'Look at the signal before each page, and hand it to the call that fetches it.',
    source: 'The contract, CallOptions',
    needs: ['scan'],
    async run(t) {
      const taskIds = await fill(t, 9);
      await scannedIds(t.reader, { pageSize: 2 });
      const before = t.reader.handle.link?.connections();
      await t.rejects(firstPage(t.reader, AbortSignal.abort()), 'RB_ABORTED', 'the first page, aborted before');
      for (let i = 0; i < REPEATED; i += 1) {
        const aborting = new AbortController();
        const pages = pagesOf(t.reader.store, { pageSize: 2, signal: aborting.signal })[Symbol.asyncIterator]();
        const first = await inTime(t, `the first page of scan ${i + 1}, those before aborted,`, pages.next());
        t.same((first.value?.records.length ?? 0) > 0, true, 'whether the first page has records');
        aborting.abort();
        await t.rejects(inTime(t, 'the page after the abort', pages.next()), 'RB_ABORTED', 'the page after the abort');
      }
      await stillWorks(t, taskIds, before);
    },
  },
  {
    id: 'ENU-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Puts and deletes proceed while a scan is paused, on the same handle and on another one.',
    hint: 'Let no transaction, lock or busy connection span two pages: who scans may take minutes over each.',
    source: 'better-sqlite3: "This database connection is busy executing a query"',
    needs: ['scan'],
    async run(t) {
      const taskIds = await fill(t, 9);
      const pages = pagesOf(t.reader.store, { pageSize: 2 })[Symbol.asyncIterator]();
      const first = await pages.next();
      const seen: string[] = idsOf(first.value?.records ?? []);
      // A page may hold less than was asked for, but for none at all.
      t.same(seen.length > 0, true, 'whether the first page has records');
      for (const through of [t.writer, t.reader]) {
        const where = through === t.reader ? 'the scanning handle' : 'another handle';
        const put = through.store.put([t.record({ taskId: `during-${through.name}` })]);
        t.same(await inTime(t, `a put through ${where} during a scan`, put), [{ applied: true }], 'its outcome');
        const deleted = through.store.delete([`during-${through.name}`]);
        t.same(await inTime(t, `a delete through ${where} during a scan`, deleted), 1, 'its count');
      }
      for (;;) {
        const { done, value } = await inTime(t, 'the next page', pages.next());
        if (done) break;
        seen.push(...idsOf(value.records));
      }
      t.same(seen.toSorted(), taskIds, 'ids that the scan yields');
    },
  },
  {
    id: 'ENU-6',
    since: '1.0',
    level: 'SHOULD',
    surface: 'store',
    text: '100,000 ids are scanned in bounded memory.',
    hint: 'Fetch a page at a time; KEYS, fetchall() and a default cursor of libpq fetch everything first.',
    source: 'A store in production has millions',
    needs: ['scan', 'soak'],
    async run(t: ClauseContext) {
      for (let i = 0; i < SOAKED; i += 1_000) await fill(t, 1_000, { result: SOAKED_RESULT });
      const before = await usedBytes();
      const growths: number[] = [];
      let seen = 0;
      for await (const { records } of pagesOf(t.reader.store)) {
        const isDue = seen === 0 || (seen < LATE && seen + records.length >= LATE);
        seen += records.length;
        if (isDue) growths.push((await usedBytes()) - before);
      }
      t.same(seen, SOAKED, 'ids yielded');
      const growth = Math.max(...growths);
      t.that(growth < MAX_GROWTH_BYTES, `the scan keeps ${Math.round(growth / 2 ** 20)} MiB`);
    },
  },
];

async function firstPage({ store }: OpenStore, signal?: AbortSignal): Promise<void> {
  for await (const { records } of pagesOf(store, { pageSize: 2, signal })) if (records.length > 0) break;
}

async function stillWorks(
  t: ClauseContext,
  taskIds: readonly string[],
  connections: number | undefined,
): Promise<void> {
  t.same(await inTime(t, 'a whole scan afterwards', scannedIds(t.reader)), taskIds, 'ids of a whole scan afterwards');
  const put = t.reader.store.put([t.record()]);
  t.same(await inTime(t, 'a put afterwards', put), [{ applied: true }], 'outcome of a put afterwards');
  if (connections === undefined) return;
  const { link } = t.reader.handle;
  await t.eventually(`no more than ${connections} connections`, () => (link?.connections() ?? 0) <= connections);
}
