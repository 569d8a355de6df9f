import type { ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { settled } from './outcomes.js';
import { live } from './wai-live.js';

/** Longer than any clause takes: what resolves a wait is not the poll that backs up push. */
const NEVER_MS = 600_000;
const POLL_MS = 40;
/** Waits that are to share one read. */
const TOGETHER = 20;
/** Each way, on the handle that waits. */
const LATENCY_MS = 10;
/** After which a result is put: over the round trips of subscribing and reading. */
const OFFSETS_MS = [0, 10, 20, 30, 40, 50];

/** When a result lands, as the one who waits would see it. */
const MOMENTS = ['between a read and its answer', 'before a subscription', 'right after a subscription'] as const;
type Moment = (typeof MOMENTS)[number];

/** How one wait ends. */
export const WAI_WAITS: readonly Clause[] = [
  {
    id: 'WAI-10',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'A wait for a record that is ready already resolves, without any notification.',
    hint: 'Read after having subscribed: nobody will publish again what is stored already.',
    source: 'Celery backends/redis.py ResultConsumer, which learnt to MGET',
    async run(t) {
      const taskId = await t.put(t.writer, { result: 'there before' });
      await t.read(t.reader, taskId);
      const backend = t.backend(t.reader, { pollMs: POLL_MS, safetyPollMs: NEVER_MS });
      const { value, error } = await settled('a wait for a ready record', backend.wait(taskId), t.settleMs);
      t.same([value?.state, value?.result, error], ['SUCCESS', 'there before', undefined], 'how it ended');
    },
  },
  {
    id: 'WAI-11',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'A wait resolves with the record on FAILURE and REVOKED as on SUCCESS, stored before or during the wait.',
    hint: 'Ready means finished, not successful.',
    source: 'node-celery-ts src/redis/backend.ts:147-151: waits for ever on a task that failed; Celery READY_STATES',
    async run(t) {
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      for (const state of ['SUCCESS', 'FAILURE', 'REVOKED']) {
        const before = await t.put(t.writer, { state, result: null });
        const during = t.id();
        const waits = [before, during].map((taskId) =>
          settled(`a wait for ${state}`, backend.wait(taskId), t.settleMs),
        );
        await live(t);
        await t.put(t.writer, { taskId: during, state, result: null });
        for (const each of await Promise.all(waits)) t.same(each.value?.state, state, 'what a wait resolved with');
      }
    },
  },
  {
    id: 'WAI-12',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'A wait does not resolve on PENDING, RECEIVED, STARTED, RETRY or a custom state.',
    hint: 'Look at the state of what is pushed: a message is not a result.',
    source: 'node-celery-ts src/redis/backend.ts:215-225: the first message of any state ends the wait',
    async run(t) {
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const taskId = t.id();
      let state: string | undefined;
      const waiting = settled('the wait, once its task had succeeded', backend.wait(taskId), t.settleMs * 3);
      const seen = waiting.then(
        ({ value, error }) => {
          state = value?.state ?? error?.code;
        },
        () => {},
      );
      await live(t);
      for (const unready of ['PENDING', 'RECEIVED', 'STARTED', 'RETRY', 'PROGRESS']) {
        await t.put(t.writer, { taskId, state: unready, result: null });
        await live(t);
        t.same(state, undefined, `what a wait resolved with while its task was in ${unready}`);
      }
      await t.quiet();
      t.same(state, undefined, 'what a wait resolved with before its task was ready');
      await t.put(t.writer, { taskId });
      await waiting;
      await seen;
      t.same(state, 'SUCCESS', 'what the wait resolved with at last');
    },
  },
  {
    id: 'WAI-13',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'A result that lands between the read and the subscription of a wait is not missed.',
    hint: 'Subscribe, await that it is live, and only then read.',
    source: 'the classic lost wake-up',
    async run(t) {
      for (const moment of MOMENTS) await landsAt(t, moment);
      const { link } = t.reader.handle;
      if (link === undefined || t.profile === 'quick') return;
      const backend = t.backend(t.reader, { pollMs: POLL_MS, safetyPollMs: NEVER_MS });
      await link.latency(LATENCY_MS);
      for (const offsetMs of OFFSETS_MS) {
        const taskId = t.id();
        const waiting = settled(`a wait whose result was put after ${offsetMs} ms`, backend.wait(taskId), t.settleMs);
        await t.sleep(offsetMs);
        await t.put(t.writer, { taskId });
        t.same((await waiting).value?.state, 'SUCCESS', `what a wait resolved with (offset ${offsetMs} ms)`);
      }
      await link.heal();
    },
  },
  {
    id: 'WAI-14',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'Without notify, waits read together at most once per pollMs, and resolve within 2 × pollMs of the write.',
    hint: 'One timer and one batched read for all that is awaited, whatever their number.',
    source: 'packages/core/src/backend-options.ts pollMs',
    async run(t: ClauseContext) {
      const reads: number[] = [];
      const { store } = t.reader;
      const polled: ResultStore = {
        ...store,
        notify: undefined,
        get(taskIds, options) {
          reads.push(performance.now());
          return store.get(taskIds, options);
        },
      };
      const pollMs = POLL_MS * (t.harness.patience ?? 1);
      const backend = t.backend(polled, { pollMs });
      const ids = Array.from({ length: TOGETHER }, () => t.id());
      const waits = Promise.all(ids.map((taskId) => settled('a polling wait', backend.wait(taskId), t.settleMs * 3)));
      waits.catch(() => {});
      await t.sleep(4 * pollMs);
      await t.eventually('waits without notify read again and again', () => reads.length >= 3);
      const elapsedMs = performance.now() - (reads[0] as number);
      // Timers may fire a millisecond early.
      const allowed = elapsedMs / (pollMs - 1) + 1;
      t.that(
        reads.length <= allowed,
        `${TOGETHER} waits with pollMs ${pollMs} read ${reads.length} times in ${elapsedMs.toFixed(0)} ms`,
      );
      await t.putAll(
        t.writer,
        ids.map((taskId) => t.record({ taskId })),
      );
      // The limit is a timer of this process: it is as late as the backend's own where the machine is busy.
      const ended = await settled('waits, from the write on,', waits, 2 * pollMs + t.slackMs);
      for (const { value } of ended.value ?? []) t.same(value?.state, 'SUCCESS', 'what a polling wait resolved with');
    },
  },
];

/** Puts the result at the moment, through another handle, and demands that the wait resolves. */
async function landsAt(t: ClauseContext, moment: Moment): Promise<void> {
  const { store } = t.reader;
  if (store.notify === undefined && moment !== MOMENTS[0]) return;
  const taskId = t.id();
  let landing: Promise<unknown> | undefined;
  const land = async (at: Moment): Promise<void> => {
    if (at !== moment) return;
    landing ??= t.put(t.writer, { taskId });
    await landing;
  };
  const backend = t.backend(withMoments(store, land), { pollMs: POLL_MS, safetyPollMs: NEVER_MS });
  const waiting = settled(`a wait whose result landed ${moment}`, backend.wait(taskId), t.settleMs);
  waiting.catch(() => {});
  // Who waits in another way never comes to the moment; the result does.
  await t.quiet();
  await land(moment);
  const { value } = await waiting;
  t.same(value?.state, 'SUCCESS', `what a wait resolved with whose result landed ${moment}`);
}

/** The same store, which says when it is at each of the moments and waits until they are over. */
function withMoments(store: ResultStore, at: (moment: Moment) => Promise<void>): ResultStore {
  const { notify } = store;
  return {
    ...store,
    async get(taskIds, options) {
      const found = await store.get(taskIds, options);
      await at('between a read and its answer');
      return found;
    },
    notify: notify && {
      subscribe(handler) {
        const inner = notify.subscribe(handler);
        return {
          ...inner,
          async add(taskIds, options) {
            await at('before a subscription');
            await inner.add(taskIds, options);
            await at('right after a subscription');
          },
        };
      },
    },
  };
}
