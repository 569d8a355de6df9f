import { setTimeout as sleep } from 'node:timers/promises';
import { RemoteError, type TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { show } from '../evidence.js';
import { WAI_BACKEND } from './wai-backend.js';
import { WAI_SUBSCRIPTIONS } from './wai-subscriptions.js';
import { WAI_WAITS } from './wai-waits.js';

/** Writes begun the moment a subscription is live, per round. */
const WRITES = 20;
/** Each way, on the watching handle: a subscription that claims too early to be live misses what is written meanwhile. */
const LATENCIES_MS = [10, 40];
/** States of one task in the order in which they are put. */
const STEPS = ['STARTED', 'PROGRESS', 'RETRY', 'SUCCESS'];
const MANY = 1_000;

const DELIVERY: readonly Clause[] = [
  {
    id: 'WAI-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A subscription whose add has resolved is told of a write begun afterwards.',
    hint: 'Publish with every applied put, and let add resolve only when the server has confirmed the subscription.',
    source: 'packages/core/src/contract.ts Subscription.add; Celery backends/redis.py _set publishes',
    needs: ['notify'],
    async run(t) {
      const [first, added] = [t.id(), t.id()];
      const watching = await t.watch(t.reader, [first]);
      await t.put(t.writer, { taskId: first, result: 'pushed' });
      const told = await watching.until('a write made after add', ({ taskId }) => taskId === first);
      t.same([told.state, told.result], ['SUCCESS', 'pushed'], 'what was told of it');
      await watching.add([added]);
      await t.put(t.writer, { taskId: added });
      await watching.until('a write to an id that was added later', ({ taskId }) => taskId === added);
    },
  },
  {
    id: 'WAI-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'It is told every time: in many writes that each follow their add at once, and with latency on the watching handle.',
    hint: 'Await the confirmation of the subscription, not the sending of it; no wake-up may be lost in between.',
    source: 'the classic lost wake-up; SUBSCRIBE and LISTEN are live when they are answered',
    needs: ['notify'],
    async run(t) {
      await writesAtOnce(t, t.rounds(10) * WRITES, 'told of a write that followed its add at once');
      const { link } = t.reader.handle;
      if (link === undefined || t.profile === 'quick') return;
      for (const latencyMs of LATENCIES_MS) {
        await link.latency(latencyMs);
        await writesAtOnce(t, 3, `told of a write that followed its add at once, with ${latencyMs} ms of latency`);
        await link.heal();
      }
    },
  },
  {
    id: 'WAI-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'When a subscription is told of a state, get already returns that state or a later one.',
    hint: 'Write first, publish afterwards; in one transaction or script where there is one.',
    source: 'packages/core/src/contract.ts WatchHandler.record',
    needs: ['notify', 'any-reader'],
    async run(t) {
      for (let i = t.rounds(5); i > 0; i -= 1) await readsWhenTold(t);
    },
  },
  {
    id: 'WAI-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Every ready record is delivered at least once, each of a batch too, and the last delivery of a task is its final one.',
    hint: 'Publish for each record of a batch, and hand deliveries on in the order in which they come.',
    source: 'packages/core/src/contract.ts WatchHandler.record',
    needs: ['notify'],
    async run(t) {
      const states = ['SUCCESS', 'FAILURE', 'REVOKED'];
      const batch = Array.from({ length: 12 }, (_, i) => t.record({ state: states[i % 3] as string, result: null }));
      const stepwise = t.id();
      const watching = await t.watch(t.reader, [stepwise, ...batch.map(({ taskId }) => taskId)]);
      await t.putAll(t.writer, batch);
      await t.putAll(
        t.writer,
        STEPS.map((state) => t.record({ taskId: stepwise, state, result: null })),
      );
      for (const { taskId, state } of [...batch, { taskId: stepwise, state: 'SUCCESS' }])
        await watching.until(`${state} of a batch`, (record) => record.taskId === taskId && record.state === state);
      await t.quiet();
      for (const { taskId, state } of [...batch, { taskId: stepwise, state: 'SUCCESS' }])
        t.same(watching.states(taskId).at(-1), state, 'the last state told of a task');
    },
  },
  {
    id: 'WAI-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'The delivered record deep-equals the one that get returns.',
    hint: 'Decode what is published as what is stored, or read the record when its id is published.',
    source: 'packages/core/src/contract.ts WatchHandler.record',
    needs: ['notify'],
    async run(t) {
      const expiresAt = t.facts.capabilities.includes('expiry') ? t.now() + t.ttlMs : null;
      const fields: readonly Partial<TaskRecord>[] = [
        { result: { nested: [1, null, 'é'] }, expiresAt },
        { state: 'FAILURE', result: new RemoteError('ValueError', 'builtins', ['x']), traceback: 'Traceback\n' },
        { state: 'PROGRESS', result: { done: 3 }, meta: { name: 'tasks.add', worker: 'w@h', retries: 2 } },
        { meta: { groupId: 'g', parentId: 'p' } },
      ];
      const records = fields.map((each) => t.record(each));
      const watching = await t.watch(
        t.reader,
        records.map(({ taskId }) => taskId),
      );
      for (const record of records) {
        const { taskId } = record;
        await t.putAll(t.writer, [record]);
        const told = await watching.until(`a record in ${record.state}`, (each) => each.taskId === taskId);
        t.same(told, await t.read(t.reader, taskId), `the record told in ${record.state}, and the one read`);
      }
    },
  },
  {
    id: 'WAI-21',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `One subscription carries ${MANY} ids, added at once, and is told of each.`,
    hint: 'Split a long list where the server takes only so many at once; drop none.',
    source: 'architecture: one subscription per backend for all waiters, whatever their number',
    needs: ['notify'],
    async run(t: ClauseContext) {
      const records = Array.from({ length: MANY }, () => t.record({ result: null }));
      const ids = records.map(({ taskId }) => taskId);
      const watching = await t.watch(t.reader, ids);
      await t.putAll(t.writer, records);
      const toldOf = (): ReadonlySet<string> => new Set(watching.told.map(({ taskId }) => taskId));
      await t.eventually(`told of all of ${MANY} ids`, () => toldOf().size === MANY);
      t.same([...toldOf()].toSorted(), ids.toSorted(), 'the ids told');
    },
  },
];

/** Each on an id of its own, added to one live subscription. */
async function writesAtOnce(t: ClauseContext, writes: number, what: string): Promise<void> {
  const watching = await t.watch(t.reader, []);
  const ids = Array.from({ length: writes }, () => t.id());
  for (const taskId of ids) {
    // An owner's route is asked for before, so that nothing lies between the add and the write.
    if (t.reader.store.routing) await t.put(t.writer, { taskId, state: 'PENDING' });
    await watching.add([taskId]);
    await t.put(t.writer, { taskId });
  }
  const missing = (): readonly string[] => ids.filter((taskId) => !watching.states(taskId).includes('SUCCESS'));
  const until = performance.now() + t.settleMs;
  while (missing().length > 0 && performance.now() < until) await sleep(5);
  t.same(missing().length, 0, `of ${writes}, those not ${what}`);
}

/** Reads in the very moment of each delivery. */
async function readsWhenTold(t: ClauseContext): Promise<void> {
  const taskId = t.id();
  const found: Promise<readonly [told: string, read: string]>[] = [];
  const { notify } = t.reader.store;
  const subscription = notify?.subscribe({
    record(outcome) {
      if (!('state' in outcome)) return;
      const readOf = t
        .get(t.reader, [taskId])
        .then(([read]): readonly [string, string] => [
          outcome.state,
          read && 'state' in read ? read.state : show(read),
        ]);
      readOf.catch(() => {});
      found.push(readOf);
    },
    gap: () => {},
  });
  await subscription?.add([taskId]);
  for (const state of STEPS) await t.put(t.writer, { taskId, state, result: null });
  const told = async (): Promise<readonly (readonly [string, string])[]> => Promise.all(found);
  await t.eventually('told of SUCCESS', async () => (await told()).some(([state]) => state === 'SUCCESS'));
  for (const [state, read] of await told()) {
    const isSoFar = STEPS.indexOf(read) >= STEPS.indexOf(state);
    t.that(isSoFar, `told of ${state}, a get begun at that moment returned ${read}`);
  }
  await subscription?.close();
}

/** Waiting and notification. */
export const WAI: readonly Clause[] = [...DELIVERY, ...WAI_SUBSCRIPTIONS, ...WAI_WAITS, ...WAI_BACKEND];
