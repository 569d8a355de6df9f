import { getEventListeners } from 'node:events';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { LEA_MEMORY } from './lea-memory.js';
import { attempt, settled } from './outcomes.js';

const CALLS = 1_000;
/** Calls of each kind begun together, so that a signal is shared by calls under way. */
const AT_ONCE = 50;

/** Time that a process may take to end once its store is closed, before patience. */
const EXIT_MS = 2_000;

const ENDS: readonly Clause[] = [
  {
    id: 'LEA-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After close() the connections and subscriptions of a handle are gone.',
    hint: 'Close the connection for subscriptions too, and await it: close() resolves when nothing is left.',
    source: 'style: what we open we close',
    needs: ['faults'],
    async run(t: ClauseContext) {
      const leaving = await t.open();
      const link = t.link(leaving);
      const taskId = t.id();
      const watching = leaving.store.notify && (await t.watch(leaving, [taskId]));
      const control = t.reader.store.notify && (await t.watch(t.reader, [taskId]));
      await t.put(leaving);
      await t.get(leaving, [taskId]);
      t.that(link.connections() > 0, 'a store that has just answered has no connection through its link');
      await leaving.store.close();
      await t.eventually('no connection is left after close()', () => link.connections() === 0);
      await t.put(t.writer, { taskId });
      await control?.until('a watcher of an open handle', (record) => record.taskId === taskId);
      await t.quiet();
      t.same(watching?.told.length ?? 0, 0, 'what a watcher of the closed handle was told');
    },
  },
  {
    id: 'LEA-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `A process that opens, watches, puts, reads and closes ends by itself within ${EXIT_MS} ms.`,
    hint: 'Clear keep-alive timers and pauses at close(), and end the socket for subscriptions.',
    source: 'Node.js: a timer, socket or listener that is left keeps the process alive',
    needs: ['second-process'],
    async run(t) {
      const second = await t.secondProcess('life', { taskId: t.id() });
      const { found, connectionsLeft } = await second.run();
      t.same(found, true, 'whether the second process read what it had put');
      t.same(connectionsLeft, 0, 'connections left after close()');
      await second.ended(EXIT_MS * (t.harness.patience ?? 1));
    },
  },
  {
    id: 'LEA-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `${CALLS} calls sharing one signal leave no listener on it and cause no warning.`,
    hint: 'Remove the abort listener in `finally`; abortable() of @rb/core does it.',
    source: 'Node.js: MaxListenersExceededWarning; style 1.8',
    async run(t) {
      const owner = new AbortController();
      const { signal } = owner;
      const calls = callsOf(t, signal);
      for (let made = 0; made < CALLS; made += AT_ONCE) {
        const call = calls[(made / AT_ONCE) % calls.length];
        await Promise.all(Array.from({ length: AT_ONCE }, () => call?.()));
      }
      await t.eventually('no listener is left on the signal', () => getEventListeners(signal, 'abort').length === 0);
      owner.abort();
      await t.rejects(t.get(t.reader, [t.id()], { signal }), 'RB_ABORTED', 'a get with the same signal, now aborted');
    },
  },
  {
    id: 'LEA-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'No unhandled rejection, uncaught exception or process warning happens in any clause.',
    hint: 'Handle the rejection of every promise that nobody awaits: connecting in the background, a goodbye, a ping.',
    source: 'Node.js: an unhandled rejection ends the process',
    async run(t: ClauseContext) {
      await provoke(t);
      await t.quiet();
      const strays = await t.strays();
      t.that(strays.length === 0, `${strays.length} in this run: ${strays.slice(0, 5).join('; ')}`);
    },
  },
];

/** One of each kind of call that takes a signal. */
function callsOf(t: ClauseContext, signal: AbortSignal): readonly (() => Promise<unknown>)[] {
  const { store } = t.reader;
  const { notify, groups, expiry, scan, stats } = store;
  const group = { groupId: t.id(), members: [], parent: null, expiresAt: null };
  const calls: (undefined | (() => Promise<unknown>))[] = [
    () => t.putOne(t.writer, { state: 'STARTED' }, { signal }),
    () => t.get(t.reader, [t.id()], { signal }),
    () => store.delete([t.id()], { signal }),
    notify &&
      (async () => {
        const subscription = notify.subscribe({ record: () => {}, gap: () => {} });
        await subscription.add([t.id()], { signal });
        await subscription.close();
      }),
    groups && (() => groups.save(group, { signal })),
    groups && (() => groups.load(group.groupId, { signal })),
    groups && (() => groups.report(group.groupId, t.record(), { signal })),
    groups && (() => groups.delete(group.groupId, { signal })),
    expiry?.sweep && (async () => expiry.sweep?.(1, { signal })),
    scan && (() => scan.pages({ pageSize: 10, signal })[Symbol.asyncIterator]().next()),
    stats && (() => stats.read({ signal })),
  ];
  return calls.filter((call) => call !== undefined);
}

/** Ends of calls, subscriptions and connections at which promises are easily left alone. */
async function provoke(t: ClauseContext): Promise<void> {
  const leaving = await t.open();
  const watching = leaving.store.notify && (await t.watch(leaving, [t.id()]));
  const abort = new AbortController();
  const under: (Promise<unknown> | undefined)[] = [
    t.putOne(leaving, { state: 'STARTED' }, { signal: abort.signal }),
    t.get(leaving, [t.id()], { signal: abort.signal }),
    t.get(leaving, [t.id()]),
    watching?.add([t.id()]),
  ];
  const ends = under.map((call) => call && settled('a call aborted or closed under way', call, t.settleMs));
  abort.abort();
  await Promise.all([...ends, leaving.store.close(), leaving.store.close()]);
  await watching?.close();

  const lost = await t.open();
  if (!lost.handle.link || t.profile === 'quick') return;
  if (lost.store.notify) await t.watch(lost, [t.id()]);
  await lost.handle.link.cut({ refuse: true });
  await attempt(() => t.get(lost, [t.id()]));
  await t.quiet();
  await lost.store.close();
}

/** Resources. */
export const LEA: readonly Clause[] = [...ENDS, ...LEA_MEMORY];
