import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { NotChecked } from '../evidence.js';
import { attempt, recovered, settled } from './outcomes.js';

/** In the second or less that is looked at. */
const MAX_ATTEMPTS = 12;

/** Servers that are not the same after the connection was lost. */
export const REC_SERVER: readonly Clause[] = [
  {
    id: 'REC-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Credentials or a schema that broke during an outage surface as RB_DENIED or RB_SCHEMA, not as endless reconnecting.',
    hint: 'What the server refuses for good is no outage: reject with its code, and pause before asking again.',
    source: 'architecture: failure; a wrong password does not become right by trying',
    needs: ['faults'],
    async run(t) {
      const { world } = t;
      if (!world.revoke && !world.dropSchema)
        throw new NotChecked('no-power', 'the world has neither revoke() nor dropSchema()');
      if (t.reader.store.notify) await t.watch(t.reader, [t.id()]);
      await recovered(t, t.reader);
      if (world.dropSchema) await broken(t, async () => world.dropSchema?.(), 'RB_SCHEMA');
      if (world.revoke) await broken(t, async () => world.revoke?.(), 'RB_DENIED');
    },
  },
  {
    id: 'REC-13',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After a restart of the server the same store works, and its watchers are told of later writes.',
    hint: 'An orderly end of a connection is a loss too; the server has forgotten subscriptions, scripts and statements.',
    source: 'architecture: reconnection is the store’s own business',
    needs: ['restart'],
    async run(t: ClauseContext) {
      const taskId = t.id();
      const watching = t.reader.store.notify && (await t.watch(t.reader, [taskId]));
      await t.put(t.writer, { state: 'STARTED' });
      await t.world.restart?.();
      for (const each of [t.reader, t.writer]) await recovered(t, each);
      if (!watching) return;
      await t.eventually(
        'a watcher is told of a write after the restart',
        async () => {
          await attempt(() => t.put(t.writer, { taskId, state: 'PROGRESS' }));
          return watching.states(taskId).length > 0;
        },
        t.recoveryMs,
      );
    },
  },
];

async function broken(t: ClauseContext, breakIt: () => Promise<void>, code: 'RB_DENIED' | 'RB_SCHEMA'): Promise<void> {
  const { reader } = t;
  const link = t.link(reader);
  await link.cut({ refuse: true });
  await breakIt();
  await link.heal();
  await t.eventually(
    `a put rejects with ${code}`,
    async () => {
      const { error } = await settled('a put after the outage', t.putOne(reader), t.recoveryMs);
      t.that(error !== undefined, `a put resolved where ${code} was due`);
      if (error.code !== code) t.that(error.retryable, `a put rejected with ${error.code}, where ${code} was due`);
      return error.code === code;
    },
    t.recoveryMs,
  );
  const before = link.attempts();
  await t.sleep(t.settleMs / 4);
  const attempts = link.attempts() - before;
  t.that(attempts <= MAX_ATTEMPTS, `${attempts} attempts to connect in ${t.settleMs / 4} ms after ${code}`);
}
