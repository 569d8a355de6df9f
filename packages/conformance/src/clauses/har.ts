import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { Violation } from '../evidence.js';
import type { World } from '../harness.js';

/** Is the harness sound? Checked first; where one fails, nothing else is judged. */
export const HAR: readonly Clause[] = [
  {
    id: 'HAR-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Two worlds share nothing: a record written in one is not readable in the other.',
    hint: 'world() must make a place of its own at every call: a new prefix, schema, database or queue.',
    source: 'the kit: clauses run side by side and count what they find',
    async run(t: ClauseContext) {
      const taskId = await t.put(t.writer);
      const stranger = await openIn(await t.harness.world());
      try {
        t.same(await stranger.read(taskId), 'nothing', 'a record of another world');
      } finally {
        await stranger.close();
      }
      t.that((await t.read(t.reader, taskId)) !== undefined, 'the record is not readable in its own world either');
    },
  },
  {
    id: 'HAR-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Two handles of one world share data: a record written by one is readable by the other.',
    hint: 'open() must give every handle of a world the same place: make its name in world(), not in open().',
    source: 'the kit: clauses write through one handle and read through another',
    async run({ writer, reader, put, read, same }) {
      const taskId = await put(writer, { result: 'shared' });
      same((await read(reader, taskId))?.result, 'shared', 'what the second handle reads of the first');
    },
  },
  {
    id: 'HAR-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'raw.read gives what put stored, nothing for an id never stored, and what raw.write wrote is what get reads.',
    hint: 'Raw access must use the same place, key and encoding as the handles, by way of another client.',
    source: 'the kit: clauses about layout look beneath the adapter',
    needs: ['raw', 'any-reader'],
    async run(t: ClauseContext) {
      const { writer, raw } = t;
      const taskId = await t.put(writer, { result: 'beneath' });
      const stored = await raw.read(taskId);
      t.that(stored !== undefined, 'raw.read gives nothing for a record that put stored');
      t.same(await raw.read(t.id()), undefined, 'raw.read of an id never stored');
      // What a delete leaves beneath is the store's business (FOR-5), not the harness's.
      await writer.store.delete([taskId]);
      await raw.write(taskId, stored);
      t.same((await t.read(t.reader, taskId))?.result, 'beneath', 'what get reads of what raw.write wrote');
    },
  },
  {
    id: 'HAR-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A link carries all connections of its handle: cut closes them, refuse keeps new ones away, heal lets them in.',
    hint: 'Give the store the URL of the proxy, not of the server, and each handle a proxy of its own.',
    source: 'the kit: clauses about faults mean nothing where the fault never happens',
    needs: ['faults'],
    async run(t) {
      const cutOff = await t.open();
      const link = t.link(cutOff);
      await t.put(cutOff);
      await t.eventually('a store that was written to has a connection through its link', () => link.connections() > 0);
      await link.cut({ refuse: true });
      await t.eventually('no connection is left after cut({ refuse: true })', () => link.connections() === 0);

      // Never used before, so that nothing depends on how a store reconnects.
      const healed = await t.open();
      await t.link(healed).cut({ refuse: true });
      await t.link(healed).heal();
      await t.put(healed);
      await t.eventually('heal() lets new connections in', () => t.link(healed).connections() > 0);
    },
  },
  {
    id: 'HAR-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A second process that joins a world by its token shares its data.',
    hint: 'world(token) must open the place that the token names, and module must export the same harness.',
    source: 'the kit: clauses about two processes mean nothing where each has a place of its own',
    needs: ['second-process', 'any-reader'],
    async run(t) {
      const taskId = t.id();
      const second = await t.secondProcess('race', { taskIds: [taskId], result: 'of the second process' });
      await second.run();
      t.same((await t.read(t.reader, taskId))?.result, 'of the second process', 'what a second process put');
    },
  },
];

/** A reader in a world that is none of the clause's. */
async function openIn(world: World): Promise<{ read(taskId: string): Promise<string>; close(): Promise<void> }> {
  const handle = await world.open();
  if (handle === null) throw new Violation('open() gave null in a second world; the default handle must be had');
  const { store } = handle;
  return {
    async read(taskId) {
      // An owner is asked as one: only it could know.
      await store.routing?.route(taskId);
      const [outcome] = await store.get([taskId]);
      // Null is a mistake of the store (STO-2), not of the harness.
      return outcome === undefined || outcome === null
        ? 'nothing'
        : 'state' in outcome
          ? outcome.state
          : outcome.refused.code;
    },
    async close() {
      await store.close();
      await handle.dispose?.();
      await world.dispose();
    },
  };
}
