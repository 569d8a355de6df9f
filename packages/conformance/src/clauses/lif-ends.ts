import { isResultError } from '@rb/core';
import type { Clause } from '../clause.js';
import { show } from '../evidence.js';

/** Beginnings that fail, and ends. */
export const LIF_ENDS: readonly Clause[] = [
  {
    id: 'LIF-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Operations in flight when close() is called settle, with their result or RB_CLOSED, and close() then resolves.',
    hint: 'Reject what is queued with RB_CLOSED, and let what was sent be answered or cut.',
    source: 'packages/core/src/contract.ts ResultStore.close',
    async run({ writer, reader, put, read, record, putOne, settleMs, sleep, same, fail }) {
      // Its route is known then, where results travel: the puts below are sent at once.
      const records = Array.from({ length: 10 }, (_, i) => record({ state: 'STARTED', result: i }));
      for (const each of records) await put(writer, each);
      await read(reader, await put(writer));
      const late = sleep(settleMs).then(() => 'late' as const);
      const puts = records.map((each) => putOne(writer, { ...each, state: 'RETRY' }));
      const settling = Promise.allSettled([...puts, ...records.map(({ taskId }) => writer.store.get([taskId]))]);
      const closing = writer.store.close();
      const settled = await Promise.race([settling, late]);
      if (settled === 'late')
        return fail(`calls in flight when close() was called had not settled after ${settleMs} ms`);
      for (const each of settled) {
        if (each.status === 'fulfilled') continue;
        if (!(isResultError(each.reason) && each.reason.code === 'RB_CLOSED'))
          fail(
            `a call in flight when close() was called rejected with ${show(each.reason)}, expected RB_CLOSED or its result`,
          );
      }
      if ((await Promise.race([closing, late])) === 'late')
        fail(`close() with calls in flight did not resolve within ${settleMs} ms`);
      for (const [i, { taskId }] of records.entries()) {
        if (settled[i]?.status === 'fulfilled')
          same((await read(reader, taskId))?.state, 'RETRY', 'state of a task whose put resolved during close()');
      }
    },
  },
  {
    id: 'LIF-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A failed first connection is not remembered: when the server becomes reachable the same store works.',
    hint: 'Memoise the connection, and clear it where it fails.',
    source: 'db0 connectors/postgresql.ts, unstorage drivers/redis.ts: one refused connection poisons the instance',
    needs: ['faults'],
    async run({ open, link, get, id, rejects, eventually, recoveryMs, same }) {
      const handle = await open();
      await link(handle).cut({ refuse: true });
      await rejects(get(handle, [id()]), 'RB_UNAVAILABLE', 'the first get, while the server refuses connections');
      await link(handle).heal();
      const outcomes = await eventually(
        'a get after the server is back',
        () => get(handle, [id()]).catch(() => undefined),
        recoveryMs,
      );
      same(outcomes, [undefined], 'get([unknown id]) after the server is back');
    },
  },
  {
    id: 'LIF-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A client passed in by the caller is still usable after close().',
    hint: 'What you pass in you close; what we open we close.',
    source: 'design: ownership of clients',
    needs: ['borrowed-client'],
    async run({ open, put, read, reader, notVerifiable, same }) {
      const handle = await open('borrowed-client');
      const { clientWorks } = handle.handle;
      if (clientWorks === undefined) return notVerifiable('the harness gives no clientWorks() for a borrowed client');
      same(
        (await read(reader, await put(handle, { result: 'by it' })))?.result,
        'by it',
        'result stored through the given client',
      );
      await handle.store.close();
      same(await clientWorks(), true, 'whether the given client works after close()');
    },
  },
  {
    id: 'LIF-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Closing one store does not disturb another on the same server.',
    hint: 'Share no connection, pool or subscription in a module: two stores are two.',
    source: 'design: stores share data and nothing else',
    async run({ writer, reader, open, put, read, watch, retire, facts, same }) {
      const third = await open();
      const taskId = await put(writer, { result: 1 });
      same((await read(reader, taskId))?.result, 1, 'result before the close');
      const watched = await put(writer, { state: 'STARTED', result: null });
      const watching = facts.capabilities.includes('notify') ? await watch(reader, [watched]) : undefined;
      if (!facts.capabilities.includes('routing')) await third.store.get([taskId]);
      await retire(third);
      same((await read(reader, taskId))?.result, 1, 'result read after another store was closed');
      await put(writer, { taskId: watched, state: 'SUCCESS', result: 2 });
      await watching?.until('a result stored after another store was closed', ({ state }) => state === 'SUCCESS');
      same((await read(reader, watched))?.result, 2, 'result stored after another store was closed');
    },
  },
];
