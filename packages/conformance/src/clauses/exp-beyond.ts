import type { Clause } from '../clause.js';
import { FAR_MS, foundOf, passDeadline, sweep } from './deadlines.js';

const DAY_MS = 86_400_000;

/** Milliseconds at which 31 and 32 bits of seconds are over: in 2038 and 2106. */
const END_OF_31_BITS = 2 ** 31 * 1_000;
const END_OF_32_BITS = 2 ** 32 * 1_000;
const END_OF_9999 = Date.UTC(9999, 11, 31);

/** Deadlines in other reads, in the far future, and seen by a clock that is wrong. */
export const EXP_BEYOND: readonly Clause[] = [
  {
    id: 'EXP-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Expired ids are absent from `scan` and count 0 in `delete`.',
    hint: 'The predicate that hides expired records from `get` belongs into every other statement too.',
    source: 'The contract: delete counts ids that existed, unexpired',
    needs: ['expiry'],
    async run(t) {
      const expiresAt = Math.floor(t.now()) + t.ttlMs;
      const expired = [await t.put(t.writer, { expiresAt }), await t.put(t.writer, { state: 'STARTED', expiresAt })];
      const live = await t.put(t.writer, { expiresAt: expiresAt + FAR_MS });
      await passDeadline(t, t.ttlMs, live, ...expired);
      const { scan } = t.reader.store;
      if (scan) {
        const seen: string[] = [];
        for await (const { records } of scan.pages()) seen.push(...records.map(({ taskId }) => taskId));
        t.same(seen, [live], 'ids that a scan yields');
      }
      t.same(await t.reader.store.delete([...expired, live]), 1, 'count of a delete of two expired ids and a live one');
    },
  },
  {
    id: 'EXP-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Deadlines beyond 2^31 and 2^32 seconds and durations beyond 2^31 milliseconds are honoured.',
    hint: 'Use 64 bits for deadlines, on the server too; setTimeout counts in 32 bits and fires at once beyond.',
    source: 'MySQL TIMESTAMP ends in 2038; setTimeout with more than 2^31 - 1 ms',
    needs: ['expiry', 'movable-clock'],
    async run(t) {
      const start = Math.floor(t.now());
      const deadlines = [start + 30 * DAY_MS, END_OF_31_BITS + DAY_MS, END_OF_32_BITS + DAY_MS, END_OF_9999];
      const taskIds: string[] = [];
      for (const expiresAt of deadlines) taskIds.push(await t.put(t.writer, { expiresAt }));
      let passedMs = 0;
      for (const instant of [
        start,
        start + 29 * DAY_MS,
        start + 31 * DAY_MS,
        ...around(END_OF_31_BITS),
        ...around(END_OF_32_BITS),
      ]) {
        await t.pass(instant - start - passedMs, ...taskIds);
        passedMs = instant - start;
        const expected = taskIds.filter((_, i) => (deadlines[i] ?? 0) > instant);
        t.same(await foundOf(t, taskIds), expected, `ids alive at ${new Date(instant).toISOString()}`);
      }
    },
  },
  {
    id: 'EXP-11',
    since: '1.0',
    level: 'SHOULD',
    surface: 'store',
    text: "A client clock one hour ahead does not make other clients' unexpired records vanish.",
    hint: "Let the server's clock decide: now() in the statement, PEXPIREAT, an expiry index; hand over durations where it takes them.",
    source: 'Clocks of hosts differ; design of deadlines as instants',
    needs: ['expiry', 'any-reader', 'clock-ahead'],
    async run(t) {
      const ahead = await t.open('clock-ahead');
      const expiresAt = Math.floor(t.now()) + FAR_MS / 2;
      const taskId = await t.put(t.writer, { state: 'SUCCESS', result: 'kept', expiresAt });
      const [seen] = await t.get(ahead, [taskId]);
      t.same(seen && 'result' in seen && seen.result, 'kept', 'what a client an hour ahead reads');
      if (ahead.store.expiry?.sweep) t.same(await sweep(ahead.store, 10), 0, 'what its sweep removes');
      const outcome = await t.putOne(ahead, { taskId, state: 'STARTED', result: 'lost' });
      t.same(outcome, { applied: false, state: 'SUCCESS' }, 'its put over a SUCCESS that lives for half an hour');
      t.same((await t.read(t.reader, taskId))?.result, 'kept', 'what everybody else reads');
    },
  },
];

/** Before a deadline a day later, and after it. */
const around = (instant: number): readonly number[] => [instant, instant + 2 * DAY_MS];
