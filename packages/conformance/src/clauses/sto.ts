import type { Clause } from '../clause.js';
import { STO_ARGUMENTS } from './sto-arguments.js';
import { STO_BATCHES } from './sto-batches.js';
import { STO_IDS } from './sto-ids.js';
import { STO_PLACES } from './sto-places.js';

/** Storing and reading. */
export const STO: readonly Clause[] = [
  {
    id: 'STO-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record written through one handle is read deep-equal through another.',
    hint: 'Write to the server, not to a map of this process; give back every field of the record.',
    source: 'packages/core/src/contract.ts ResultStore; Celery backends/base.py get_task_meta',
    async run({ writer, reader, record, putAll, read, same }) {
      for (const state of ['STARTED', 'SUCCESS']) {
        const stored = record({ state, result: { total: 42, list: [1, 'two', null] }, traceback: 'line 1\nline 2' });
        await putAll(writer, [stored]);
        same(await read(reader, stored.taskId), stored, `the ${state} record read through the other handle`);
      }
    },
  },
  {
    id: 'STO-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An id never stored reads as undefined, never null, never an error.',
    hint: 'Map the absence of a row, key or document to undefined; PENDING is made by the backend.',
    source: 'packages/core/src/contract.ts GetOutcome',
    async run({ writer, reader, id, get, put, same }) {
      same(await get(reader, [id()]), [undefined], 'get([unknown id])');
      await put(writer);
      same(await get(reader, [id()]), [undefined], 'get([unknown id]) where something else is stored');
    },
  },
  {
    id: 'STO-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'When put has resolved, a read begun afterwards on any handle sees that record or a later one.',
    hint: 'Resolve after the server has answered; read from where writes go, not from a replica.',
    source: 'design: read your writes, across handles',
    needs: ['any-reader'],
    async run({ writer, reader, put, read, same, rounds, id }) {
      const taskId = id();
      for (let i = 0; i < rounds(50); i += 1) {
        await put(writer, { taskId, state: 'PROGRESS', result: i });
        same((await read(reader, taskId))?.result, i, `result read after put ${i} resolved`);
      }
    },
  },
  {
    id: 'STO-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'get(ids) aligns with ids, including duplicates and misses.',
    hint: 'Databases answer in their own order and leave out what is missing: put answers back in place by id.',
    source: 'packages/core/src/contract.ts ResultStore.get',
    async run({ writer, reader, put, read, get, same, id }) {
      const [a, b] = [await put(writer, { result: 'a' }), await put(writer, { result: 'b' })];
      await Promise.all([read(reader, a), read(reader, b)]);
      const outcomes = await get(reader, [b, id(), a, b, id(), a]);
      const results = outcomes.map((outcome) => outcome && ('state' in outcome ? outcome.result : outcome));
      same(results, ['b', undefined, 'a', 'b', undefined, 'a'], 'results of get([b, unknown, a, b, unknown, a])');
    },
  },
  {
    id: 'STO-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Of no ids, get, put and delete give [], [] and 0.',
    hint: 'Many drivers refuse an empty list: answer before asking the server.',
    source: 'packages/core/src/contract.ts ResultStore',
    async run({ writer, reader, put, read, same }) {
      const taskId = await put(writer, { result: 'here' });
      same(await reader.store.get([]), [], 'get([])');
      same(await reader.store.put([]), [], 'put([])');
      same(await reader.store.delete([]), 0, 'delete([])');
      same((await read(reader, taskId))?.result, 'here', 'what was stored before');
    },
  },
  {
    id: 'STO-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "Changing the caller's object after put was called does not change what is stored.",
    hint: 'Encode before the first await, or copy.',
    source: 'packages/core/src/contract.ts ResultStore.put',
    async run({ writer, reader, put, putAll, record, read, same }) {
      // Where results travel to their owner, its route is known from now on, so that the next put is sent at once.
      const taskId = await put(writer, { state: 'STARTED', result: null });
      const result = { list: [1] };
      const putting = putAll(writer, [record({ taskId, result })]);
      result.list.push(2);
      await putting;
      result.list.push(3);
      same((await read(reader, taskId))?.result, { list: [1] }, 'result after the object that was put has changed');
    },
  },
  {
    id: 'STO-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Changing a returned record does not change what a later read returns.',
    hint: 'Decode anew for every read, or freeze what is shared.',
    source: 'packages/core/src/contract.ts ResultStore.get',
    async run({ writer, reader, put, read, same }) {
      const taskId = await put(writer, { result: { list: [1] } });
      for (let i = 0; i < 3; i += 1) {
        const found = (await read(reader, taskId))?.result;
        same(found, { list: [1] }, `result of read ${i}`);
        try {
          (found as { list: number[] }).list.push(2);
        } catch {
          // Frozen, which is another way to keep the promise.
        }
      }
    },
  },
  {
    id: 'STO-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A put replaces the whole record: no field of the earlier one remains.',
    hint: 'An upsert must set every column, also to null.',
    source: 'Celery backends/base.py _get_result_meta: the whole document is stored anew',
    async run({ writer, reader, record, put, putAll, read, same }) {
      const meta = { name: 'first', args: [1], kwargs: { a: 1 }, worker: 'w@h', retries: 3, queue: 'q' };
      const taskId = await put(writer, { state: 'FAILURE', result: { was: 1 }, traceback: 'trace', meta });
      const second = record({ taskId, state: 'STARTED', result: null });
      await putAll(writer, [second]);
      same(await read(reader, taskId), second, 'the record after the second put');
    },
  },
  ...STO_BATCHES,
  ...STO_IDS,
  ...STO_PLACES,
  ...STO_ARGUMENTS,
];
