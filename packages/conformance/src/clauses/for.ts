import type { Clause } from '../clause.js';

/** Forgetting. */
export const FOR: readonly Clause[] = [
  {
    id: 'FOR-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After delete, every handle, also one that has read the record before, reads undefined.',
    hint: 'Keep no copy of what another handle may delete.',
    source: 'Celery backends/base.py get_task_meta caches what is ready',
    needs: ['any-reader'],
    async run({ writer, reader, put, read, get, same }) {
      const taskId = await put(writer, { result: 'gone' });
      same((await read(reader, taskId))?.result, 'gone', 'result before the delete');
      await writer.store.delete([taskId]);
      same(await get(reader, [taskId]), [undefined], 'get through a handle that had read it');
      same(await get(writer, [taskId]), [undefined], 'get through the handle that deleted it');
    },
  },
  {
    id: 'FOR-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'delete returns the number of ids that existed, and 0 the second time.',
    hint: 'Return what the server counted; an id given twice counts once.',
    source: 'packages/core/src/contract.ts ResultStore.delete',
    needs: ['any-reader'],
    async run({ writer, reader, put, id, same }) {
      const [a, b] = [await put(writer), await put(writer)];
      same(
        await reader.store.delete([a, id(), b, a]),
        2,
        'delete of two that exist, one of them twice, and one that does not',
      );
      same(await writer.store.delete([a, b]), 0, 'the same delete again');
    },
  },
  {
    id: 'FOR-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'delete of 1,000 ids works in one call.',
    hint: 'Split what is beyond the limits of parameters, and add up the counts.',
    source: 'SQL servers limit parameters; packages/core/src/contract.ts ResultStore.delete',
    needs: ['any-reader'],
    async run({ writer, reader, record, putAll, put, get, same }) {
      const records = Array.from({ length: 1_000 }, () => record());
      for (let from = 0; from < records.length; from += 250) await putAll(writer, records.slice(from, from + 250));
      const kept = await put(writer);
      const ids = records.map(({ taskId }) => taskId);
      same(await reader.store.delete(ids), 1_000, 'how many were deleted');
      const left = (await get(writer, [...ids, kept])).flatMap((outcome) => outcome?.taskId ?? []);
      same(left, [kept], 'ids that are left');
    },
  },
  {
    id: 'FOR-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Deleting an id, also one with * or _ in it, leaves every other id that begins or reads like it.',
    hint: 'Delete by equality, as ids are compared everywhere else, never by pattern or prefix.',
    source: 'KEYS id*; LIKE with an unescaped _',
    needs: ['any-reader'],
    async run({ writer, reader, put, read, same, id }) {
      const base = id('x');
      const others = [base.toUpperCase(), ...['b', ':b', 'X', '_', 'b_c', '*b', ' '].map((end) => base + end)];
      for (const taskId of [base, `${base}*`, `${base}?_`, `${base}%`, ...others])
        await put(writer, { taskId, result: taskId });
      same(await reader.store.delete([`${base}*`, base, `${base}?_`, `${base}%`]), 4, 'how many of four were deleted');
      for (const taskId of others)
        same(
          (await read(writer, taskId))?.result,
          taskId,
          `result of ${JSON.stringify(taskId)} after the others were deleted`,
        );
    },
  },
  {
    id: 'FOR-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After delete nothing of the record remains beneath the adapter.',
    hint: 'Delete instead of marking as deleted: whoever forgets a result may have to.',
    source: 'design: forget is used for personal data',
    needs: ['raw', 'any-reader'],
    async run({ raw, writer, reader, put, same }) {
      const taskId = await put(writer);
      same(
        (await raw.read(taskId)) === undefined,
        false,
        'whether nothing is stored beneath the adapter before the delete',
      );
      await reader.store.delete([taskId]);
      same(await raw.read(taskId), undefined, 'what is stored beneath the adapter after the delete');
    },
  },
  {
    id: 'FOR-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "An owner's delete drops its buffered copy.",
    hint: 'What has arrived is kept by this client alone: take it out of the buffer.',
    source: 'Celery rpc backend: pending messages are kept until read',
    needs: ['owner'],
    async run({ writer, reader, put, read, get, same }) {
      const [taskId, other] = [await put(writer, { result: 'gone' }), await put(writer, { result: 'kept' })];
      same((await read(reader, taskId))?.result, 'gone', 'result before the delete');
      await read(reader, other);
      same(await reader.store.delete([taskId]), 1, 'how many the owner deleted');
      same(await get(reader, [taskId]), [undefined], 'what the owner reads afterwards');
      same((await read(reader, other))?.result, 'kept', 'result of another task');
    },
  },
  {
    id: 'FOR-7',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'forget during wait does not resolve the wait.',
    hint: 'The absence of a record is no result: go on waiting until one is ready.',
    source: 'Celery AsyncResult.get waits for a state that is ready',
    needs: ['any-reader'],
    async run({ backend, writer, reader, id, quiet, same }) {
      const [waits, forgets] = [backend(reader, { pollMs: 10 }), backend(writer)];
      const taskId = id();
      await forgets.store(taskId, 'STARTED');
      let settled = 'waiting';
      const waiting = waits.wait(taskId, { timeoutMs: 60_000 }).then(
        ({ state }) => {
          settled = state;
        },
        (error: Error) => {
          settled = error.message;
        },
      );
      await quiet();
      await forgets.forget(taskId);
      await quiet();
      same(settled, 'waiting', 'what became of the wait after the task was forgotten');
      await forgets.succeed(taskId, 1);
      await waiting;
      same(settled, 'SUCCESS', 'what became of the wait after a result was stored');
    },
  },
  {
    id: 'FOR-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A watcher of an id that is deleted goes on, and is told of the next history of the id.',
    hint: 'Only remove() and close() end what add() began: leave channels and handlers alone in delete.',
    source: 'packages/core/src/contract.ts Subscription.add',
    needs: ['notify', 'any-reader'],
    async run({ writer, reader, put, watch }) {
      for (const through of [writer, reader]) {
        const taskId = await put(writer, { state: 'STARTED' });
        const watching = await watch(reader, [taskId]);
        await through.store.delete([taskId]);
        await put(writer, { taskId, state: 'RETRY' });
        await watching.until(`a put after handle ${through.name} deleted the id`, ({ state }) => state === 'RETRY');
        await watching.close();
      }
    },
  },
];
