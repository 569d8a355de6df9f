import { CONTRACT_VERSION, type ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';
import type { OpenStore } from '../context.js';
import { CAPABILITIES } from '../facts.js';
import { LIF_ENDS } from './lif-ends.js';
import { LIF_SHAPE } from './lif-shape.js';

const declared = (store: ResultStore): readonly string[] =>
  CAPABILITIES.filter((name) => (name === 'sweep' ? store.expiry?.sweep : store[name]) !== undefined);

/** Life of a store: creation, first use, end. */
export const LIF: readonly Clause[] = [
  {
    id: 'LIF-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Creating a store performs no I/O; the first operation connects.',
    hint: 'Connect on first use: a store may be made where no server is reachable yet, and never used.',
    source: 'design: no open(); kysely RuntimeDriver.init',
    needs: ['faults'],
    async run({ open, link, quiet, get, id, same, fail }) {
      const handle = await open();
      await quiet();
      same(link(handle).attempts(), 0, 'connections attempted by a store that was only created');
      await get(handle, [id()]);
      if (!(link(handle).attempts() > 0))
        fail('the first get made no connection through its link: the harness may have connected it past the proxy');
    },
  },
  {
    id: 'LIF-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'contract, name, traits and the set of capabilities are present, complete and unchanged for the life of the store.',
    hint: 'Declare what the options say, not what the server turns out to be: who composes stores asks before the first call.',
    source: 'packages/core/src/contract.ts ResultStore',
    async run({ writer, reader, put, read, retire, same, fail }) {
      for (const { bare } of [writer, reader]) {
        const { contract, name, traits } = bare;
        same(contract, CONTRACT_VERSION, 'contract');
        if (!(typeof name === 'string' && name !== '')) fail(`name is ${JSON.stringify(name)}, expected text`);
        same(Object.keys(traits).toSorted(), ['durable', 'keeps', 'maxBytes', 'readers'], 'the traits that are stated');
        if (!(typeof traits.durable === 'boolean' && traits.maxBytes > 0))
          fail('traits.durable is no boolean or traits.maxBytes not positive');
        if (!(traits.readers === 'any' || traits.readers === 'owner'))
          fail(`traits.readers is ${JSON.stringify(traits.readers)}`);
        if (!(traits.readers === 'any' || bare.routing !== undefined))
          fail("traits.readers is 'owner', and there is no routing to tell producers where to send");
      }
      const before = { traits: { ...reader.bare.traits }, capabilities: declared(reader.bare), name: reader.bare.name };
      await read(reader, await put(writer));
      const now = (): unknown => ({
        traits: { ...reader.bare.traits },
        capabilities: declared(reader.bare),
        name: reader.bare.name,
      });
      same(now(), before, 'what the store declares after its first use');
      await retire(reader);
      same(now(), before, 'what the store declares after its end');
    },
  },
  {
    id: 'LIF-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After close() every operation rejects with RB_CLOSED.',
    hint: 'Look at one flag at the start of every operation, capabilities included.',
    source: 'packages/core/src/contract.ts ResultStore.close',
    async run({ writer, record, rejects, id }) {
      await writer.store.close();
      for (const [what, call] of operations(writer, record()))
        await rejects(call(), 'RB_CLOSED', `${what} after close()`);
      await rejects(
        writer.store.get([id()], { signal: new AbortController().signal }),
        'RB_CLOSED',
        'get with a signal after close()',
      );
    },
  },
  {
    id: 'LIF-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'close() is idempotent, also when called twice concurrently.',
    hint: 'Remember the promise of the first close, or look whether there is anything left to close.',
    source: 'packages/core/src/contract.ts ResultStore.close; Disposable protocols demand it',
    async run({ writer, reader, put, read, same }) {
      await read(reader, await put(writer));
      for (const { store, name } of [writer, reader]) {
        const closing = await Promise.allSettled([store.close(), store.close()]);
        const again = await Promise.allSettled([store.close()]);
        const outcomes = [...closing, ...again].map(({ status }) => status);
        same(outcomes, ['fulfilled', 'fulfilled', 'fulfilled'], `two concurrent closes of ${name} and a third`);
      }
    },
  },
  {
    id: 'LIF-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'close() on a store that was never used resolves and opens no connection.',
    hint: 'There is nothing to close before the first use: do not connect in order to disconnect.',
    source: 'design: no open(), so that there may be nothing to close',
    async run({ open, quiet, same, settleMs, sleep, fail }) {
      const handle = await open();
      const closed = handle.store.close().then(() => true);
      if (!(await Promise.race([closed, sleep(settleMs).then(() => false)])))
        fail(`close() of an unused store did not resolve within ${settleMs} ms`);
      await quiet();
      const attempts = handle.handle.link?.attempts() ?? 0;
      same(attempts, 0, 'connections attempted by the close of an unused store');
    },
  },
  ...LIF_ENDS,
  ...LIF_SHAPE,
];

/** Every operation that the store declares, by name. */
function operations(
  { store }: OpenStore,
  record: Parameters<ResultStore['put']>[0][0],
): readonly (readonly [string, () => Promise<unknown>])[] {
  const { taskId } = record;
  const { notify, expiry, groups, scan, stats, routing } = store;
  const all: (readonly [string, (() => Promise<unknown>) | undefined])[] = [
    ['put', () => store.put([record])],
    ['get', () => store.get([taskId])],
    ['delete', () => store.delete([taskId])],
    // Answered without the server, and all the same not by a closed store.
    ['put([])', () => store.put([])],
    ['get([])', () => store.get([])],
    ['delete([])', () => store.delete([])],
    ['add of a subscription', notify && (async () => notify.subscribe({ record() {}, gap() {} }).add([taskId]))],
    ['sweep', expiry?.sweep && (async () => expiry.sweep?.(1))],
    ['groups.save', groups && (() => groups.save({ groupId: taskId, members: [], parent: null, expiresAt: null }))],
    ['groups.load', groups && (() => groups.load(taskId))],
    ['groups.delete', groups && (() => groups.delete(taskId))],
    ['groups.report', groups && (() => groups.report(taskId, record))],
    ['a scan', scan && (async () => scan.pages()[Symbol.asyncIterator]().next())],
    ['stats', stats && (() => stats.read())],
    ['route', routing && (() => routing.route(taskId))],
  ];
  return all.flatMap(([name, call]) => (call ? [[name, call] as const] : []));
}
