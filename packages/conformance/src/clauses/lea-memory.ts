import { getEventListeners } from 'node:events';
import type { ResultStore, WatchHandler } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { collectGarbage } from '../memory-use.js';

const CYCLES = 1_000;
/** Of handlers that nobody can call any more: the last may still be held by something under way. */
const MAX_HELD = 10;

const WAITS = 1_000;
/** Timers of the kit and of the store itself come and go. */
const MAX_MORE_TIMERS = 20;

const RESULTS = 1_000;
const RESULT_BYTES = 10_000;
/** A quarter of what was sent: buffers of sockets, and a heap that is never quite the same. */
const MAX_RETAINED_BYTES = (RESULTS * RESULT_BYTES) / 4;

/** Resources that grow unseen. */
export const LEA_MEMORY: readonly Clause[] = [
  {
    id: 'LEA-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `${CYCLES} subscriptions opened and closed leave handlers, connections and deliveries as they were.`,
    hint: 'Forget the handler at close(), and unsubscribe where nobody is left.',
    source: 'the kit: a process that waits for each of its results subscribes millions of times',
    needs: ['notify'],
    async run(t: ClauseContext) {
      const taskId = t.id();
      const watching = await t.watch(t.reader, [taskId]);
      const connections = t.reader.handle.link?.connections();
      const handlers = await cycle(t, taskId);
      await t.eventually('handlers of closed subscriptions are forgotten', async () => {
        await collectGarbage();
        const held = handlers.filter((handler) => handler.deref() !== undefined).length;
        t.note(`${held} of ${CYCLES} handlers are still held`);
        return held <= MAX_HELD;
      });
      t.same(t.reader.handle.link?.connections(), connections, 'connections of the handle after all were closed');
      await t.put(t.writer, { taskId, state: 'PROGRESS' });
      await watching.until('a watcher that stayed', (record) => record.taskId === taskId);
      await t.quiet();
      const deliveries = watching.states(taskId).length;
      t.that(deliveries <= MAX_HELD, `one write was delivered ${deliveries} times to the watcher that stayed`);
    },
  },
  {
    id: 'LEA-5',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: `${WAITS} waits that time out leave no watcher, no timer and no listener on their signal.`,
    hint: 'End the wait itself at its timeout: a race that is lost goes on in the background.',
    source: 'the kit: a service whose clients give up must not slow down',
    async run(t: ClauseContext) {
      const watched = new Set<string>();
      let reads = 0;
      const store = counted(t.reader.store, watched, () => {
        reads += 1;
      });
      const backend = t.backend(store, { pollMs: 10 });
      const { signal } = new AbortController();
      const timers = countTimers();
      const timeoutMs = t.quietMs;
      const waits = Array.from({ length: WAITS }, () =>
        t.rejects(backend.wait(t.id(), { timeoutMs, signal }), 'RB_TIMEOUT', 'a wait for nothing'),
      );
      await Promise.all(waits);
      t.that(reads > 0, 'the waits read nothing at all');
      await t.eventually('no id is watched any more', () => watched.size === 0);
      t.same(getEventListeners(signal, 'abort').length, 0, 'listeners left on the signal of the waits');
      await t.eventually('the timers of the waits are gone', () => countTimers() <= timers + MAX_MORE_TIMERS);
      await t.quiet();
      const before = reads;
      await t.quiet();
      t.same(reads - before, 0, 'reads after the last wait had ended');
    },
  },
  {
    id: 'LEA-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Results that nobody in a process asked for are not retained by it.',
    hint: 'Subscribe to the ids that are waited for, one by one, and not to a pattern.',
    source: 'node-celery-ts src/redis/backend.ts:53-54: keeps every result of the system for a day',
    needs: ['second-process', 'any-reader'],
    async run(t: ClauseContext) {
      const until = t.id();
      const second = await t.secondProcess('retention', { until });
      const running = second.run();
      running.catch(() => {});
      for (let i = 0; i < RESULTS; i += CHUNK) {
        await t.putAll(
          t.writer,
          Array.from({ length: CHUNK }, (_, j) => t.record({ result: `${i + j}`.padEnd(RESULT_BYTES, '.') })),
        );
      }
      await t.put(t.writer, { taskId: until });
      const { retainedBytes } = await running;
      t.that(
        retainedBytes < MAX_RETAINED_BYTES,
        `a process that asked for one id holds ${(retainedBytes / 1e6).toFixed(1)} MB more after ${RESULTS} results of ${RESULT_BYTES} bytes of others`,
      );
    },
  },
];

/** Results in one put: a message of a megabyte. */
const CHUNK = 100;

async function cycle(t: ClauseContext, taskId: string): Promise<readonly WeakRef<WatchHandler>[]> {
  const { notify } = t.reader.bare;
  const handlers: WeakRef<WatchHandler>[] = [];
  for (let i = 0; i < CYCLES && notify; i += 1) {
    const handler: WatchHandler = { record: () => {}, gap: () => {} };
    const subscription = notify.subscribe(handler);
    // Some share the id of the watcher that stays, most have one of their own.
    await subscription.add(i % 10 === 0 ? [taskId] : [t.id()]);
    await subscription.close();
    handlers.push(new WeakRef(handler));
  }
  return handlers;
}

/** The same store; says which ids are watched, and when it is read. */
function counted(store: ResultStore, watched: Set<string>, onRead: () => void): ResultStore {
  const { notify } = store;
  return {
    ...store,
    get(taskIds, options) {
      onRead();
      return store.get(taskIds, options);
    },
    notify: notify && {
      subscribe(handler) {
        const inner = notify.subscribe(handler);
        return {
          add(taskIds, options) {
            for (const taskId of taskIds) watched.add(taskId);
            return inner.add(taskIds, options);
          },
          remove(taskIds) {
            for (const taskId of taskIds) watched.delete(taskId);
            inner.remove(taskIds);
          },
          close() {
            watched.clear();
            return inner.close();
          },
        };
      },
    },
  };
}

/** Only those that keep the process alive. */
const countTimers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
