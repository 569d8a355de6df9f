import type { TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { usedBytes } from '../memory-use.js';
import { attempt, recovered, settled } from './outcomes.js';

/** What a store may try in five seconds, and in less too: the first attempts follow each other quickly. */
const MAX_ATTEMPTS = 25;
const CALLERS = 4;

/** Times `rounds`: 20 MB. */
const PUTS = 1_000;
const RESULT_BYTES = 20_000;
/** Ids in one delete. */
const CHUNK = 1_000;

/** Loss of connections that lasts. */
export const REC_OUTAGE: readonly Clause[] = [
  {
    id: 'REC-6',
    since: '1.0',
    level: 'SHOULD',
    surface: 'store',
    text: 'A silent peer is noticed: without an answer a call rejects by itself within the recovery budget, and a watcher connects again.',
    hint: 'Ask for a sign of life while anything waits, and drop a connection that gives none.',
    source: 'TCP: a peer that vanished is noticed after minutes, or never',
    needs: ['faults'],
    async run(t: ClauseContext) {
      const { reader } = t;
      const link = t.link(reader);
      if (reader.store.notify) await t.watch(reader, [t.id()]);
      await recovered(t, reader);
      await link.blackhole();
      const before = link.attempts();
      if (reader.store.notify) {
        await t.eventually(
          'a watcher whose peer is silent connects again',
          () => link.attempts() > before,
          t.recoveryMs,
        );
      }
      const { error } = await settled('a put to a silent peer', t.putOne(reader), t.recoveryMs);
      t.that(error !== undefined, 'a put resolved although nothing could reach the server');
      t.that(error.retryable, `a put to a silent peer rejected with ${error.code}, which is not retryable`);
      await link.heal();
      await recovered(t, reader);
    },
  },
  {
    id: 'REC-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A thousand puts begun during an outage all settle within the recovery budget, and their memory is given back.',
    hint: 'Bound what waits for a connection, in number and in time, and let go of what was rejected.',
    source: 'ioredis: its offline queue has no limit by default',
    needs: ['faults', 'any-reader'],
    limitMs: 60_000,
    async run(t) {
      await recovered(t, t.writer);
      await t.link(t.writer).cut({ refuse: true });
      const before = await usedBytes();
      const taskIds = await putMany(t);
      await recovered(t, t.writer);
      // Where the store itself lies in this process, what was stored in the end is not retained but kept.
      for (let from = 0; from < taskIds.length; from += CHUNK) {
        await t.writer.bare.delete(taskIds.slice(from, from + CHUNK));
      }
      const putBytes = taskIds.length * RESULT_BYTES;
      let retainedBytes = 0;
      await t
        .eventually('memory is given back', async () => {
          retainedBytes = (await usedBytes()) - before;
          // The heap of a busy process is never quite the same.
          return retainedBytes < putBytes / 4;
        })
        .catch(() => t.fail(`${megabytes(retainedBytes)} of ${megabytes(putBytes)} put are still held`));
    },
  },
  {
    id: 'REC-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `During an outage of five seconds a handle makes at most ${MAX_ATTEMPTS} attempts to connect, however often it is called.`,
    hint: 'Share one attempt among all callers, and pause between attempts: growing, bounded, and jittered.',
    source: 'architecture: bounded, jittered attempts; a server that comes back must not be met by a storm',
    needs: ['faults'],
    async run(t: ClauseContext) {
      const { reader } = t;
      const link = t.link(reader);
      if (reader.store.notify) await t.watch(reader, [t.id()]);
      await recovered(t, reader);
      await link.cut({ refuse: true });
      const before = link.attempts();
      // A shorter outage is allowed as many: a tight loop makes thousands in it.
      const over = t.sleep(t.profile === 'soak' ? 5_000 : 1_500).then(() => true);
      await Promise.all(
        Array.from({ length: CALLERS }, async () => {
          // As an application that asks again as soon as it is refused. A turn of its own, so that the outage can end.
          while (!(await Promise.race([over, callOnce(t).then(() => t.sleep(1))])));
        }),
      );
      const attempts = link.attempts() - before;
      await link.heal();
      await recovered(t, reader);
      t.that(attempts > 0, 'no attempt to connect was made during the outage, although it was called');
      t.that(attempts <= MAX_ATTEMPTS, `${attempts} attempts to connect during the outage`);
    },
  },
  {
    id: 'REC-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'close() during an outage resolves within the budget, settles what is under way and ends all attempts to connect.',
    hint: 'End pauses and connections under way at once; do not wait for an answer to a goodbye.',
    source: 'architecture: close is idempotent and final; a process must be able to end during an outage',
    needs: ['faults'],
    async run(t) {
      for (const outage of ['refused', 'silent'] as const) {
        const leaving = await t.open();
        const link = t.link(leaving);
        if (leaving.store.notify) await t.watch(leaving, [t.id()]);
        await recovered(t, leaving);
        if (outage === 'silent') await link.blackhole();
        else await link.cut({ refuse: true });
        const call = t.putOne(leaving);
        call.catch(() => {});
        await t.sleep(t.quietMs / 4);
        const closing = `close() while connections are ${outage}`;
        const { error } = await settled(closing, leaving.store.close(), t.settleMs);
        t.same(error, undefined, `the error of ${closing}`);
        await settled(`a put under way at ${closing}`, call, t.settleMs);
        await t.eventually(`no connection is left after ${closing}`, () => link.connections() === 0);
        // One that was under way at close() is seen at the other end a moment later.
        await t.sleep(t.quietMs / 4);
        const before = link.attempts();
        await t.quiet();
        await link.heal();
        await t.quiet();
        t.same(link.attempts() - before, 0, `attempts to connect after ${closing}`);
      }
    },
  },
];

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const callOnce = (t: ClauseContext): Promise<unknown> => attempt(() => t.reader.bare.get([t.id()]));

/** Nothing of the records is left to the caller when this resolves. */
async function putMany(t: ClauseContext): Promise<readonly string[]> {
  const taskIds = Array.from({ length: t.rounds(PUTS) }, () => t.id());
  const calls = taskIds.map((taskId, i) => {
    // Flat, and of its own: not a rope of shared parts.
    const result = Buffer.alloc(RESULT_BYTES, `${i}.`).toString('latin1');
    const record: TaskRecord = t.record({ taskId, result });
    return attempt(() => t.writer.bare.put([record]));
  });
  const all = Promise.all(calls);
  all.catch(() => {});
  await t.quiet();
  await t.link(t.writer).heal();
  await settled(`${taskIds.length} puts begun during an outage`, all, t.recoveryMs);
  return taskIds;
}
