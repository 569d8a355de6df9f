import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import type { Watching } from '../watching.js';

/** Each way, so that an add is under way for as long. */
const LATENCY_MS = 10;

/** What a subscription is told of, and what not: ids that come and go, neighbours, ends. */
export const WAI_SUBSCRIPTIONS: readonly Clause[] = [
  {
    id: 'WAI-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'From the call of close on, a subscription is not told of anything; closing it twice is no error.',
    hint: 'Mark the subscription closed before anything is awaited, and look at the mark at each delivery.',
    source: 'packages/core/src/contract.ts Subscription.close',
    needs: ['notify'],
    async run(t) {
      const [ended, ending] = [t.id(), t.id()];
      const control = await t.watch(t.reader, [ended, ending]);
      const first = await t.watch(t.reader, [ended]);
      await first.close();
      await first.close();
      await t.put(t.writer, { taskId: ended });
      const second = await t.watch(t.reader, [ending]);
      // Not awaited: the promise may take its time, the silence may not.
      const closing = second.close();
      await t.put(t.writer, { taskId: ending });
      await closing;
      for (const taskId of [ended, ending])
        await control.until('another watcher of the same handle', (record) => record.taskId === taskId);
      await t.quiet();
      t.same(first.told.length, 0, 'deliveries after close() resolved');
      t.same(second.told.length, 0, 'deliveries after close() was called');
    },
  },
  {
    id: 'WAI-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A subscription receives only the ids it asked for, also where a neighbour on its connection asked for others.',
    hint: 'Subscribe to exact names, never to a pattern, and look up by id who asked.',
    source: 'node-celery-ts src/redis/backend.ts:84: PSUBSCRIBE celery-task-meta-*',
    needs: ['notify'],
    async run(t) {
      const own = t.id('*?[a]');
      const foreign = [`${own}x`, own.slice(0, -1), own.toUpperCase(), own.replace('*', 'star'), t.id()];
      const watching = await t.watch(t.reader, [own]);
      const neighbour = await t.watch(t.reader, foreign);
      for (const taskId of [...foreign, own]) await t.put(t.writer, { taskId });
      await watching.until('a write to the id asked for', ({ taskId }) => taskId === own);
      for (const each of foreign)
        await neighbour.until('a write to the id of a neighbour', ({ taskId }) => taskId === each);
      await t.quiet();
      t.same(idsTold(watching), [own], 'ids told to who asked for one');
      t.same(idsTold(neighbour).toSorted(), foreign.toSorted(), 'ids told to who asked for the others');
    },
  },
  {
    id: 'WAI-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Two subscriptions to one id are both told; when one closes or removes the id, the other is told all the same.',
    hint: 'Count who asked for an id, and unsubscribe from it when nobody is left.',
    source: 'packages/core/src/contract.ts Subscription',
    needs: ['notify'],
    async run(t) {
      const taskId = t.id();
      const [staying, removing, closing] = [
        await t.watch(t.reader, [taskId]),
        await t.watch(t.reader, [taskId]),
        await t.watch(t.reader, [taskId]),
      ];
      const toldOf = async (watching: Watching, state: string, what: string): Promise<unknown> =>
        watching.until(`of ${state}, ${what}`, (record) => record.state === state);
      await t.put(t.writer, { taskId, state: 'STARTED' });
      for (const each of [staying, removing, closing]) await toldOf(each, 'STARTED', 'one of three');
      removing.remove([taskId]);
      await t.put(t.writer, { taskId, state: 'PROGRESS' });
      for (const each of [staying, closing]) await toldOf(each, 'PROGRESS', 'after another had removed the id');
      await closing.close();
      await t.put(t.writer, { taskId, state: 'RETRY', result: null });
      await toldOf(staying, 'RETRY', 'after another had closed');
    },
  },
  {
    id: 'WAI-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A handler that throws disturbs neither other handlers nor the store, and does not crash the process.',
    hint: 'Call each handler in a try of its own.',
    source: 'packages/core/src/contract.ts Subscription',
    needs: ['notify'],
    async run(t: ClauseContext) {
      const taskId = t.id();
      let thrown = 0;
      const before = await t.watch(t.reader, [taskId]);
      const throwing = t.reader.store.notify?.subscribe({
        record() {
          thrown += 1;
          throw new Error('of a handler');
        },
        gap: () => {},
      });
      await throwing?.add([taskId]);
      const after = await t.watch(t.reader, [taskId]);
      for (const state of ['STARTED', 'SUCCESS']) {
        await t.put(t.writer, { taskId, state });
        for (const each of [before, after])
          await each.until(`of ${state}, beside a handler that throws`, (record) => record.state === state);
      }
      t.that(thrown > 0, 'the throwing handler was never called');
      await throwing?.close();
      await t.put(t.reader);
    },
  },
  {
    id: 'WAI-16',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'From the call of remove on, the handler is not called for these ids, also where their add is still under way.',
    hint: 'Write down what is asked for before the request is sent, so that remove finds it and the answer does not bring it back.',
    source: 'packages/core/src/contract.ts Subscription.remove',
    needs: ['notify'],
    async run(t) {
      const [gone, goneUnderWay, kept] = [t.id(), t.id(), t.id()];
      const watching = await t.watch(t.reader, [gone]);
      const { link } = t.reader.handle;
      if (t.profile !== 'quick') await link?.latency(LATENCY_MS);
      const adding = watching.add([goneUnderWay, kept]);
      watching.remove([gone, goneUnderWay]);
      await adding;
      await link?.heal();
      for (const taskId of [gone, goneUnderWay, kept]) await t.put(t.writer, { taskId });
      await watching.until('a write to the id that stayed', ({ taskId }) => taskId === kept);
      await t.quiet();
      t.same(idsTold(watching), [kept], 'ids told after two of three were removed');
    },
  },
  {
    id: 'WAI-17',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Adding an id twice is the same as once: a write is not delivered more often, and one remove ends it.',
    hint: 'Keep a set of ids, not a list of requests.',
    source: 'packages/core/src/contract.ts Subscription.add',
    needs: ['notify'],
    async run(t: ClauseContext) {
      const [once, twice] = [t.id(), t.id()];
      const watching = await t.watch(t.reader, [once, twice]);
      await watching.add([twice]);
      await watching.add([twice, twice]);
      for (const taskId of [twice, once]) await t.put(t.writer, { taskId, state: 'STARTED' });
      for (const each of [twice, once])
        await watching.until('a write to an id that was added', ({ taskId }) => taskId === each);
      await t.quiet();
      const [single, several] = [watching.states(once).length, watching.states(twice).length];
      t.that(
        several <= single,
        `a write was told ${several} times where the id was added thrice, ${single} where once`,
      );
      watching.remove([twice]);
      for (const taskId of [twice, once]) await t.put(t.writer, { taskId, state: 'PROGRESS' });
      await watching.until('a write to the other id', ({ state }) => state === 'PROGRESS');
      await t.quiet();
      t.that(!watching.states(twice).includes('PROGRESS'), 'told of an id that was added twice and removed once');
    },
  },
  {
    id: 'WAI-18',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An add to a closed subscription rejects with RB_CLOSED and subscribes to nothing.',
    hint: 'Look at the mark of close() before anything else: who adds to what is closed would wait for ever.',
    source: 'packages/core/src/contract.ts Subscription.close',
    needs: ['notify'],
    async run(t) {
      const taskId = t.id();
      const closed = await t.watch(t.reader, []);
      await closed.close();
      await t.rejects(closed.add([taskId]), 'RB_CLOSED', 'an add after close()');
      const control = await t.watch(t.reader, [taskId]);
      await t.put(t.writer, { taskId });
      await control.until('another watcher of the same handle', (record) => record.taskId === taskId);
      await t.quiet();
      t.same(closed.told.length, 0, 'deliveries to the closed subscription');
    },
  },
  {
    id: 'WAI-19',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'subscribe itself sends nothing; the first add connects.',
    hint: 'Make the connection for subscriptions in add, where its failure has somebody to be told to.',
    source: 'packages/core/src/contract.ts NotifyCapability.subscribe',
    needs: ['notify', 'faults'],
    async run(t: ClauseContext) {
      const fresh = await t.open();
      const watching = await t.watch(fresh, []);
      await t.quiet();
      t.same(t.link(fresh).attempts(), 0, 'connections attempted by subscribe alone');
      await watching.add([t.id()]);
      t.that(t.link(fresh).attempts() > 0, 'the first add made no connection through its link');
    },
  },
  {
    id: 'WAI-20',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An id that was removed can be added again, and is told of again.',
    hint: 'Forget a removed id wholly; subscribe again even where an unsubscription is still under way.',
    source: 'packages/core/src/contract.ts Subscription',
    needs: ['notify'],
    async run(t) {
      const taskId = t.id();
      const watching = await t.watch(t.reader, [taskId]);
      for (let i = t.rounds(5); i > 0; i -= 1) {
        watching.remove([taskId]);
        await watching.add([taskId]);
        const result = `round ${i}`;
        await t.put(t.writer, { taskId, state: 'PROGRESS', result });
        await watching.until('a write to an id removed and added again', (record) => record.result === result);
      }
    },
  },
];

const idsTold = (watching: Watching): readonly string[] => [...new Set(watching.told.map(({ taskId }) => taskId))];
