import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { FAR_MS, foundOf, passDeadline, resolutionMs } from './deadlines.js';
import { EXP_BEYOND } from './exp-beyond.js';
import { EXP_SWEEP } from './exp-sweep.js';
import { EXP_UNASKED } from './exp-unasked.js';

const DAY_MS = 86_400_000;

/** A machine may stall past a real deadline before the record was read; each attempt has twice the time. */
const MAX_ATTEMPTS = 5;

/** Expiry. */
export const EXP: readonly Clause[] = [
  {
    id: 'EXP-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record is readable before its deadline and unreadable after deadline + resolution.',
    hint: "Deadlines are Unix milliseconds: mind the server's unit, and round neither down nor up by more than `resolutionMs`.",
    source: 'The contract, ExpiryCapability',
    needs: ['expiry'],
    async run(t) {
      const taskId = await readBeforeDeadline(t);
      t.same(await t.get(t.reader, [taskId]), [undefined], 'get after the deadline');
    },
  },
  {
    id: 'EXP-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A deadline already past is accepted, and the record is never readable, nor immortal.',
    hint: 'SET with PX refuses 0 and less; 0 is a deadline, not none; replace what was there and let the new record be gone.',
    source: "Redis: 'invalid expire time in SET'; memcached and DynamoDB read 0 as never",
    needs: ['expiry'],
    async run(t) {
      const now = Math.floor(t.now());
      const pasts = [now - 1 - resolutionMs(t), now - FAR_MS, 1, 0];
      const fresh = pasts.map((expiresAt) => t.record({ expiresAt }));
      const replaced = pasts.map((expiresAt) => t.record({ state: 'FAILURE', expiresAt }));
      for (const { taskId } of replaced) await t.put(t.writer, { taskId, state: 'STARTED', doneAt: null });
      const all = [...fresh, ...replaced];
      const taskIds = all.map(({ taskId }) => taskId);
      for (const record of all) {
        t.same(
          await t.putOne(t.writer, record),
          { applied: true },
          `put of a record that expired at ${record.expiresAt}`,
        );
      }
      t.same(await foundOf(t, taskIds), [], 'ids readable although they were put expired');
      await passDeadline(t, t.ttlMs, ...taskIds);
      t.same(await foundOf(t, taskIds), [], 'ids readable some time after they were put expired');
      for (const taskId of taskIds) await t.put(t.writer, { taskId, expiresAt: Math.floor(t.now()) + FAR_MS });
      t.same(await foundOf(t, taskIds), taskIds, 'the same ids, put again with a deadline to come');
    },
  },
  {
    id: 'EXP-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Without a deadline a record does not expire.',
    hint: 'Set no time to live of your own; policy is the backend’s, which hands you deadlines.',
    source: "node-celery-ts: every result expires after 24 hours, Celery's own setting notwithstanding",
    needs: ['expiry', 'movable-clock'],
    async run(t) {
      const forever: string[] = [];
      for (const state of ['SUCCESS', 'FAILURE', 'STARTED']) forever.push(await t.put(t.writer, { state }));
      const mortal = await t.put(t.writer, { expiresAt: Math.floor(t.now()) + DAY_MS });
      await passDeadline(t, 10 * 365 * DAY_MS, mortal, ...forever);
      t.same(await foundOf(t, [mortal]), [], 'ids readable after their deadline');
      t.same(await foundOf(t, forever), forever, 'ids without a deadline after ten years');
    },
  },
  {
    id: 'EXP-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An applied put sets the new deadline, and removes the old one when it has none.',
    hint: 'Write the deadline with the record, always: a plain UPDATE or SET KEEPTTL leaves the one before.',
    source: 'Redis SET KEEPTTL; an UPDATE that names only the columns given',
    needs: ['expiry'],
    async run(t) {
      const now = Math.floor(t.now());
      const soon = now + t.ttlMs;
      const far = now + t.ttlMs + FAR_MS;
      const lengthened = await t.put(t.writer, { state: 'STARTED', expiresAt: soon });
      const removed = await t.put(t.writer, { state: 'STARTED', expiresAt: soon });
      const shortened = await t.put(t.writer, { state: 'STARTED', expiresAt: far });
      const added = await t.put(t.writer, { state: 'STARTED', expiresAt: null });
      await t.put(t.writer, { taskId: lengthened, expiresAt: far });
      await t.put(t.writer, { taskId: removed, expiresAt: null });
      await t.put(t.writer, { taskId: shortened, expiresAt: soon });
      await t.put(t.writer, { taskId: added, expiresAt: soon });
      await passDeadline(t, t.ttlMs, lengthened, removed, shortened, added);
      t.same(await foundOf(t, [lengthened]), [lengthened], 'an id whose deadline was put off');
      t.same(await foundOf(t, [removed]), [removed], 'an id whose deadline was taken away');
      t.same(await foundOf(t, [shortened]), [], 'an id whose deadline was brought forward');
      t.same(await foundOf(t, [added]), [], 'an id that was given a deadline later');
    },
  },
  {
    id: 'EXP-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'No read returns an expired record although it is still there: not one, not a batch, not verbatim; nor does its SUCCESS stand in the way of a put.',
    hint: "Compare the deadline with the clock in every statement; a server's monitor removes late (MongoDB every 60 s, DynamoDB within days).",
    source: 'MongoDB TTL monitor, DynamoDB TTL',
    needs: ['expiry', 'raw'],
    async run(t) {
      const expiresAt = Math.floor(t.now()) + t.ttlMs;
      const live = await t.put(t.writer, { state: 'STARTED' });
      const taskId = await t.put(t.writer, { state: 'SUCCESS', expiresAt });
      await passDeadline(t, t.ttlMs, taskId);
      const remains = await t.raw.read(taskId);
      if (remains === undefined) t.notVerifiable('the server removes expired records itself, at once');
      t.same(await foundOf(t, [taskId]), [], 'ids that a get of one finds');
      t.same(await foundOf(t, [live, taskId, taskId]), [live], 'ids that a get of three finds');
      const verbatim = await t.get(t.reader, [live, taskId], { verbatim: true });
      t.same(verbatim[1], undefined, 'a verbatim get of the expired record');
      if (t.facts.traits.readers === 'owner') return;
      const outcome = await t.putOne(t.writer, { taskId, state: 'STARTED' });
      t.same(outcome, { applied: true }, 'put of STARTED over an expired SUCCESS');
      t.same((await t.read(t.reader, taskId))?.state, 'STARTED', 'state read afterwards');
    },
  },
  ...EXP_BEYOND,
  ...EXP_SWEEP,
  {
    id: 'EXP-12',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A read tells the deadline that was put, to the resolution, and null without one; a record put verbatim has its own.',
    hint: 'Read the deadline with the record (PEXPIRETIME, a column): who moves records to another store has nothing else to go by.',
    source: 'The contract, TaskRecord.expiresAt',
    needs: ['expiry'],
    async run(t) {
      const expiresAt = Math.floor(t.now()) + FAR_MS + 123;
      const mortal = await t.put(t.writer, { state: 'STARTED', expiresAt });
      const immortal = await t.put(t.writer, { state: 'STARTED' });
      tells(t, (await t.read(t.reader, mortal))?.expiresAt, expiresAt);
      t.same((await t.read(t.reader, immortal))?.expiresAt, null, 'expiresAt of a record without a deadline');
      const [verbatim] = await t.get(t.reader, [mortal], { verbatim: true });
      if (verbatim === undefined || 'refused' in verbatim) return t.fail('a verbatim get finds no record');
      await t.put(t.writer, { ...verbatim, expiresAt: expiresAt + FAR_MS });
      tells(t, (await t.read(t.reader, mortal))?.expiresAt, expiresAt + FAR_MS);
    },
  },
  {
    id: 'EXP-13',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Each record of a batch has its own deadline.',
    hint: 'One time to live for a whole pipeline, or the first one of the batch, is not enough.',
    source: 'The contract, ResultStore.put',
    needs: ['expiry'],
    async run(t) {
      const now = Math.floor(t.now());
      const deadlines = [now + t.ttlMs + FAR_MS, now + t.ttlMs, null, now + t.ttlMs, now + t.ttlMs + 2 * FAR_MS];
      const records = deadlines.map((expiresAt) => t.record({ expiresAt }));
      const taskIds = records.map(({ taskId }) => taskId);
      await t.putAll(t.writer, records);
      await passDeadline(t, t.ttlMs, ...taskIds);
      const expected = taskIds.filter((_, i) => deadlines[i] !== now + t.ttlMs);
      t.same(await foundOf(t, taskIds), expected, 'ids of a batch that outlive two of them');
    },
  },
  ...EXP_UNASKED,
];

/** Stores a record, reads it as late before its deadline as the clock allows, and lets the deadline go by; its id. */
async function readBeforeDeadline(t: ClauseContext): Promise<string> {
  let { ttlMs } = t;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    // Neither at the start nor at the end of a second, so that rounding to seconds shows either way.
    const lifeMs = t.facts.clock === 'real' ? ttlMs : ttlMs - 499;
    const beforeMs = t.facts.clock === 'virtual' ? lifeMs - 1 : Math.floor(lifeMs / 2);
    const expiresAt = Math.floor(t.now()) + lifeMs;
    const taskId = await t.put(t.writer, { expiresAt });
    await t.pass(beforeMs, taskId);
    const found = await t.read(t.reader, taskId);
    const aged = t.facts.clock === 'ageing' ? beforeMs : 0;
    if (found !== undefined || t.now() + aged < expiresAt) {
      t.same(found?.taskId, taskId, 'id of the record read before its deadline');
      await passDeadline(t, lifeMs - beforeMs, taskId);
      return taskId;
    }
    ttlMs *= 2;
  }
  return t.notVerifiable('this machine is too busy to read a record before its deadline');
}

function tells(t: ClauseContext, told: number | null | undefined, expiresAt: number): void {
  const isNear = typeof told === 'number' && Math.abs(told - expiresAt) <= resolutionMs(t);
  if (!isNear) t.same(told, expiresAt, 'expiresAt of a record with a deadline');
}
