import type { Clause } from '../clause.js';
import type { ClauseContext, OpenStore } from '../context.js';
import type { Watching } from '../watching.js';
import { attempt, recovered } from './outcomes.js';

const CUTS = 5;

/** Loss of connections, as watchers see it. */
export const REC_WATCH: readonly Clause[] = [
  {
    id: 'REC-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After recovery a watcher is told of a result written during the outage, or of a gap; and again of later writes.',
    hint: 'After reconnecting subscribe again, and only then call gap(): what was published meanwhile is lost.',
    source: 'Celery backends/redis.py ResultConsumer._reconnect_pubsub',
    needs: ['faults', 'notify'],
    async run(t) {
      const [during, later] = [t.id(), t.id()];
      const watching = await t.watch(t.reader, [during, later]);
      const control = await t.watch(t.writer, [during]);
      const link = t.link(t.reader);
      await link.cut({ refuse: true });
      await attempt(() => t.put(t.writer, { taskId: during }));
      if (!t.reader.store.routing) await control.until('another watcher', (record) => record.taskId === during);
      await t.quiet();
      await link.heal();
      await t.eventually(
        'a watcher is told of a result written during the outage, or of a gap',
        () => watching.gaps > 0 || watching.states(during).length > 0,
        t.recoveryMs,
      );
      // From here on it is live: one write must do.
      await t.put(t.writer, { taskId: later });
      await watching.until('a watcher, after the outage', (record) => record.taskId === later);
    },
  },
  {
    id: 'REC-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `After ${CUTS} cuts a write is delivered to a watcher no more often than before.`,
    hint: 'Subscribe again on the new connection alone, and drop the listeners of the old one.',
    source: 'the kit: every reconnect that adds a listener doubles the work of each message',
    needs: ['faults', 'notify'],
    async run(t: ClauseContext) {
      const taskId = t.id();
      const watching = await t.watch(t.reader, [taskId]);
      const before = await deliveries(t, watching, taskId, 'before');
      for (let i = 1; i <= CUTS; i += 1) {
        await t.link(t.reader).cut();
        await toldAgain(t, watching, taskId, `after cut ${i}`);
      }
      const after = await deliveries(t, watching, taskId, 'after');
      t.that(after <= before, `one write was delivered ${before} times before the cuts and ${after} times after them`);
    },
  },
  {
    id: 'REC-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After recovery an owner is reached again: what is sent to a route asked for then is readable.',
    hint: 'Declare the reply queue and consume from it again after reconnecting; the broker has deleted it.',
    source: 'RabbitMQ: exclusive queues end with their connection',
    needs: ['faults', 'owner'],
    async run(t) {
      t.same((await t.read(t.reader, await t.put(t.writer, { result: 1 })))?.result, 1, 'a result before the cut');
      await t.link(t.reader).cut();
      await recovered(t, t.reader);
      // Ids whose routes were not asked for before.
      t.same((await t.read(t.reader, await t.put(t.writer, { result: 2 })))?.result, 2, 'a result after the cut');
    },
  },
  {
    id: 'REC-12',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'A wait outlives an outage: it resolves with a result that was written during it.',
    hint: 'An error that may pass does not end a wait; after it, subscribe and read again.',
    source: 'architecture: waiting; no lost wake-up',
    needs: ['faults', 'any-reader'],
    async run(t) {
      const taskId = t.id();
      const waiting = t.backend(t.reader, { pollMs: 20 }).wait(taskId, { timeoutMs: t.recoveryMs });
      waiting.catch(() => {});
      await live(t, t.reader);
      const link = t.link(t.reader);
      await link.cut({ refuse: true });
      await t.put(t.writer, { taskId, result: 'meanwhile' });
      await t.quiet();
      // Not before a read has failed: on a busy machine the timers of a short outage all fire when it is over.
      await attempt(() => t.get(t.reader, [taskId]));
      await t.quiet();
      await link.heal();
      t.same((await waiting).result, 'meanwhile', 'what a wait resolved with');
    },
  },
];

/** A round trip: what was begun before is under way. */
async function live(t: ClauseContext, of: OpenStore): Promise<void> {
  await t.get(of, [t.id()]);
  await t.get(of, [t.id()]);
}

/** How often one write is delivered. */
async function deliveries(t: ClauseContext, watching: Watching, taskId: string, result: string): Promise<number> {
  await t.put(t.writer, { taskId, state: 'PROGRESS', result });
  await watching.until(`of a write ${result} the cuts`, (record) => record.result === result);
  await t.quiet();
  return watching.told.filter((outcome) => 'state' in outcome && outcome.result === result).length;
}

/** A store may be told of a loss only when it writes, so this goes on writing. */
async function toldAgain(t: ClauseContext, watching: Watching, taskId: string, result: string): Promise<void> {
  await t.eventually(
    `a watcher is told of writes ${result}`,
    async () => {
      await attempt(() => t.put(t.writer, { taskId, state: 'PROGRESS', result }));
      return watching.told.some((outcome) => 'state' in outcome && outcome.result === result);
    },
    t.recoveryMs,
  );
}
