import type { Clause } from '../clause.js';

/** A second history of an id, and what leaves none. */
export const STA_HISTORIES: readonly Clause[] = [
  {
    id: 'STA-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After delete the same id accepts a new history.',
    hint: 'Delete the row; a tombstone, or a remembered SUCCESS, must not guard the next life of the id.',
    source: 'Celery AsyncResult.forget, then apply_async with the same task_id',
    needs: ['any-reader'],
    async run({ writer, reader, put, putOne, read, same }) {
      const taskId = await put(writer, { state: 'SUCCESS', result: 'first' });
      same(await reader.store.delete([taskId]), 1, 'how many were deleted');
      same(
        await putOne(writer, { taskId, state: 'STARTED', result: 'second' }),
        { applied: true },
        'outcome of a put after the delete',
      );
      const found = await read(reader, taskId);
      same([found?.state, found?.result], ['STARTED', 'second'], 'state and result of the second history');
    },
  },
  {
    id: 'STA-8',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After expiry the same id accepts a new history.',
    hint: 'The guard of SUCCESS must not see a record that has expired but is still there.',
    source: 'packages/core/src/contract.ts ExpiryCapability',
    needs: ['expiry', 'any-reader'],
    async run({ writer, reader, put, putOne, read, pass, now, ttlMs, slackMs, facts, same }) {
      const taskId = await put(writer, { state: 'SUCCESS', result: 'first', expiresAt: now() + ttlMs });
      const late = (writer.bare.expiry?.resolutionMs ?? 0) + (facts.clock === 'real' ? slackMs : 1);
      await pass(ttlMs + late, taskId);
      same(await read(reader, taskId), undefined, 'the record after its deadline');
      same(
        await putOne(writer, { taskId, state: 'STARTED', result: 'second' }),
        { applied: true },
        'outcome of a put after the deadline',
      );
      same((await read(reader, taskId))?.result, 'second', 'result of the second history');
    },
  },
  {
    id: 'STA-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Reading or deleting an unknown id stores nothing.',
    hint: 'PENDING is what the backend answers for nothing; it is never written.',
    source: 'Celery database/__init__.py _get_task_meta_for makes a PENDING task in memory',
    needs: ['raw-or-scan', 'any-reader'],
    async run({ world, writer, reader, id, put, get, same, facts }) {
      const [unknown, control] = [id('unknown'), await put(writer)];
      const isAbsent = async (taskId: string): Promise<boolean> => (await world.raw?.read(taskId)) === undefined;
      if (world.raw) same(await isAbsent(control), false, 'whether nothing is stored under an id that was put');
      await get(reader, [unknown, unknown]);
      if (world.raw) same(await isAbsent(unknown), true, 'whether nothing is stored under an unknown id that was read');
      const deleted = id('deleted');
      await reader.store.delete([deleted]);
      if (world.raw)
        same(await isAbsent(deleted), true, 'whether nothing is stored under an unknown id that was deleted');
      if (!facts.capabilities.includes('scan')) return;
      const found: string[] = [];
      for await (const page of reader.store.scan?.pages() ?? [])
        found.push(...page.records.map(({ taskId }) => taskId));
      same(found, [control], 'ids that a scan finds');
    },
  },
  {
    id: 'STA-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A put that was not applied changes nothing else: not the deadline, not doneAt, no notification.',
    hint: 'Set the deadline and publish in the same conditional step as the record.',
    source: 'Redis: SET guarded, then EXPIRE and PUBLISH not guarded',
    needs: ['any-reader'],
    async run(t) {
      const { writer, reader, put, read, same, facts } = t;
      const ids: string[] = [];
      const watching = facts.capabilities.includes('notify') ? await t.watch(reader, []) : undefined;
      for (const late of LATE_PUTS) {
        const expiresAt = facts.capabilities.includes('expiry') ? t.now() + LIFE_MS : null;
        const first = t.record({ result: 'first', doneAt: t.now() - 5_000, expiresAt });
        const { taskId } = first;
        await t.putAll(writer, [first]);
        // News of that one may still be on its way, from node to node of a cluster.
        if (watching) await t.quiet();
        await watching?.add([taskId]);
        const isShorter = expiresAt !== null && late.state === 'FAILURE';
        await put(writer, { ...late, taskId, doneAt: t.now(), expiresAt: isShorter ? t.now() + 5_000 : null });
        same(await read(reader, taskId), first, `the record after a ${late.state} that was not applied`);
        ids.push(taskId);
      }
      if (watching) {
        await t.quiet();
        same(watching.states(), [], 'what a watcher was told of them');
        const control = await put(writer, { state: 'STARTED' });
        await watching.add([control]);
        await put(writer, { taskId: control, state: 'RETRY' });
        await watching.until('the control, an applied put', ({ taskId }) => taskId === control);
      }
      // What a record says of its deadline is one thing, when it goes is another.
      if (!facts.capabilities.includes('expiry') || facts.clock === 'real') return;
      await t.pass(10_000, ...ids);
      for (const taskId of ids) same((await read(reader, taskId))?.result, 'first', 'result after the later deadline');
      await t.pass(LIFE_MS, ...ids);
      for (const taskId of ids) same(await read(reader, taskId), undefined, 'the record after its own deadline');
    },
  },
];

const LIFE_MS = 600_000;

/** One with a deadline before that of the record, one with none. */
const LATE_PUTS = [
  { state: 'FAILURE', result: null },
  { state: 'SUCCESS', result: 'second' },
] as const;
