import type { ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';

/** Operations that every store has. */
const OPERATIONS = ['put', 'get', 'delete', 'close'] as const;

/** What a store is, and what it is while it is neither open nor closed. */
export const LIF_SHAPE: readonly Clause[] = [
  {
    id: 'LIF-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A store is a plain object: its operations work in a copy by spread and on their own, and it has no Symbol.asyncDispose.',
    hint: 'Return an object literal over closed-over state: methods of a class are lost in { ...store, put }, and so is this.',
    source: 'packages/core/src/contract.ts ResultStore: wrappers compose by spread',
    async run({ open, writer, reader, put, read, id, same, fail }) {
      const taskId = await put(writer, { result: 'here' });
      await read(reader, taskId);
      const { bare } = reader;
      const { notify, expiry, groups, scan, stats, routing } = bare;
      const copy: ResultStore = { ...bare };
      for (const name of OPERATIONS)
        if (typeof copy[name] !== 'function') fail(`{ ...store }.${name} is ${typeof copy[name]}, expected a function`);
      same(Symbol.asyncDispose in bare, false, 'whether the store has Symbol.asyncDispose');

      const { get, delete: remove } = copy;
      const [found] = await get([taskId]);
      same(found && 'result' in found && found.result, 'here', 'result read by const { get } = store');
      same(await remove([id()]), 0, 'const { delete: remove } = store; remove([unknown id])');
      const unheard = { record() {}, gap() {} };
      await { ...notify }.subscribe?.(unheard).close();
      await { ...expiry }.sweep?.(1);
      await { ...groups }.load?.(id());
      await { ...scan }.pages?.()[Symbol.asyncIterator]().next();
      await { ...stats }.read?.();
      await { ...routing }.route?.(id());

      const { put: store, close } = (await open()).bare;
      same(await store([]), [], 'const { put } = store; put([])');
      await close();
    },
  },
  {
    id: 'LIF-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'close() while the first connection is being made leaves no connection behind.',
    hint: 'Await what is being opened, or end it: a connection that is there only after close() has nobody to close it.',
    source: 'design: what we open we close; a process that was told to end soon after its start hangs otherwise',
    needs: ['faults'],
    async run({ open, link, get, id, eventually, quiet, same }) {
      for (const underWay of [false, true]) {
        const handle = await open();
        const wire = link(handle);
        // The server's part of the beginning takes a while.
        await wire.latency(20);
        const settled = Promise.allSettled([get(handle, [id()])]);
        if (underWay) await eventually('the first get connects', () => wire.attempts() > 0);
        await handle.store.close();
        await settled;
        await wire.heal();
        await quiet();
        const when = underWay ? 'while it connected' : 'right after its first call';
        same(wire.connections(), 0, `connections of a store that was closed ${when}`);
      }
    },
  },
];
