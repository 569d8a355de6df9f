import type { Clause } from '../clause.js';
import { show } from '../evidence.js';

/** Many at once. */
export const CON_BATCHES: readonly Clause[] = [
  {
    id: 'CON-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Eight handles making the first put ever, at once, all succeed.',
    hint: 'CREATE TABLE IF NOT EXISTS still races in most databases: take a lock, or treat "exists already" as success.',
    source: 'celery#4653, #6296; airflow#8909',
    async run({ writer, reader, open, put, read, same, fail }) {
      const handles = [writer, reader, ...(await Promise.all(Array.from({ length: 6 }, () => open())))];
      const puts = await Promise.allSettled(handles.map((handle, i) => put(handle, { result: i })));
      for (const [i, each] of puts.entries()) {
        if (each.status === 'rejected')
          fail(`the first put of handle ${handles[i]?.name}, one of eight at once: ${show(each.reason)}`);
        else same((await read(reader, each.value))?.result, i, `result that handle ${handles[i]?.name} stored`);
      }
    },
  },
  {
    id: 'CON-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A read during writes never mixes fields of two records.',
    hint: 'Store and read a record as one: one document, one row, one script.',
    source: 'packages/core/src/contract.ts: atomic per record',
    needs: ['any-reader'],
    async run({ writer, reader, record, putAll, get, rounds, id, same }) {
      const taskId = id();
      let writing = true;
      const writes = (async () => {
        for (let i = 0; i < rounds(40) && writing; i += 1) {
          const text = `write ${i}`;
          const state = i % 2 ? 'RETRY' : 'STARTED';
          await putAll(writer, [record({ taskId, state, result: { text }, traceback: text })]);
        }
      })().finally(() => {
        writing = false;
      });
      try {
        while (writing) {
          const [found] = await get(reader, [taskId]);
          // Lets the writer have a turn where nothing here waits for a server.
          await new Promise((resolve) => setImmediate(resolve));
          if (!found || !('state' in found)) continue;
          const { text } = found.result as { readonly text: string };
          const state = Number(text.split(' ')[1]) % 2 ? 'RETRY' : 'STARTED';
          same([found.traceback, found.state], [text, state], `traceback and state beside the result "${text}"`);
        }
      } finally {
        writing = false;
        await writes.catch(() => {});
      }
      await writes;
      const [last] = await get(reader, [taskId]);
      same(last !== undefined && 'state' in last, true, 'whether the record is there after the last write');
    },
  },
  {
    id: 'CON-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: '200 different ids put at once are all readable.',
    hint: 'Pools run dry and statements share connections: queue, and answer each call with its own outcome.',
    source: 'node-celery-ts: a pool of two connections',
    async run({ writer, reader, put, read, same }) {
      for (const each of [writer, reader]) await put(each);
      const ids = await Promise.all(Array.from({ length: 200 }, (_, i) => put(i % 2 ? writer : reader, { result: i })));
      same(new Set(ids).size, 200, 'different ids');
      const results = await Promise.all(ids.map(async (taskId) => (await read(reader, taskId))?.result));
      same(results, [...ids.keys()], 'results of 200 tasks that were put at once');
    },
  },
  {
    id: 'CON-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Overlapping batch writes and deletes in opposite order never surface a deadlock.',
    hint: 'Sort the ids of a batch, or repeat what the server chose as the victim.',
    source: 'InnoDB and PostgreSQL lock rows in the order of the statement',
    needs: ['any-reader'],
    async run({ writer, reader, record, putAll, get, rounds, same, fail }) {
      for (let round = 0; round < rounds(5); round += 1) {
        const records = Array.from({ length: 100 }, () => record({ state: 'STARTED', result: 1 }));
        await putAll(writer, records);
        const ids = records.map(({ taskId }) => taskId);
        same(
          (await get(reader, ids)).filter(Boolean).length,
          ids.length,
          'how many of a batch are there to be deleted',
        );
        const again = records.map((each) => ({ ...each, result: 2 }));
        const calls = await Promise.allSettled([
          putAll(writer, again),
          putAll(reader, again.toReversed()),
          writer.store.delete(ids),
          reader.store.delete(ids.toReversed()),
        ]);
        for (const call of calls)
          if (call.status === 'rejected') fail(`one of four overlapping batches: ${show(call.reason)}`);
        await writer.store.delete(ids);
        same((await get(reader, ids)).filter(Boolean), [], 'what is left after a last delete');
      }
    },
  },
];
