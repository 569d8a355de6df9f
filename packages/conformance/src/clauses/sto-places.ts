import type { Clause } from '../clause.js';
import type { ClauseContext, OpenStore } from '../context.js';

/** Where records are, and where not. */
export const STO_PLACES: readonly Clause[] = [
  {
    id: 'STO-12',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record is readable after every handle of the writing process is closed.',
    hint: 'Declare durable: false where records live with the process.',
    source: 'packages/core/src/contract.ts StoreTraits.durable',
    needs: ['durable', 'any-reader'],
    async run({ writer, reader, put, read, retire, open, same }) {
      const taskId = await put(writer, { result: 'kept' });
      same((await read(reader, taskId))?.result, 'kept', 'result read before');
      await retire(writer);
      await retire(reader);
      same((await read(await open(), taskId))?.result, 'kept', 'result read after all handles were closed');
    },
  },
  {
    id: 'STO-13',
    since: '1.0',
    level: 'SHOULD',
    surface: 'store',
    text: 'A record is readable after the server restarts.',
    hint: 'Turn on persistence on the server, or say in the README that its restart loses results.',
    source: 'design: durable means beyond the process, and better beyond the server',
    needs: ['durable', 'any-reader', 'restart'],
    async run({ world, writer, reader, put, read, eventually, recoveryMs, same }) {
      const taskId = await put(writer, { result: 'kept' });
      await world.restart?.();
      const found = await eventually(
        'a read after the restart',
        () =>
          read(reader, taskId).then(
            (record) => ({ record }),
            () => undefined,
          ),
        recoveryMs,
      );
      same(found.record?.result, 'kept', 'result read after the restart');
    },
  },
  {
    id: 'STO-14',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "Stores in different namespaces of one server do not see, delete, enumerate or hear of each other's records and groups.",
    hint: 'Put the prefix, schema or database into every key, channel and statement, the cleaning ones too.',
    source: 'keyv: clear() of one namespace emptied another; channels of Redis are the same in all its databases',
    needs: ['other-namespace'],
    async run(t) {
      const { writer, reader, put, read, same } = t;
      const other = await t.open('other-namespace');
      const taskId = await put(writer, { result: 'ours' });
      same(await t.get(other, [taskId]), [undefined], 'our record, read in the other namespace');
      same(await other.store.delete([taskId]), 0, 'how many of our records the other namespace deleted');
      same((await read(reader, taskId))?.result, 'ours', 'our record after that');
      await groupsApart(t, other);
      if (other.store.routing) return;
      await other.store.put([t.record({ taskId, result: 'theirs' })]);
      same((await read(other, taskId))?.result, 'theirs', 'the same id stored in the other namespace');
      same((await read(reader, taskId))?.result, 'ours', 'our record of the same id');
      same(await scannedResults(reader), reader.store.scan && ['ours'], 'results that our scan yields');
      same(await scannedResults(other), other.store.scan && ['theirs'], 'results that their scan yields');
      await watchersApart(t, other);
    },
  },
];

async function groupsApart({ writer, reader, id, same }: ClauseContext, other: OpenStore): Promise<void> {
  const groupId = id('group');
  await writer.store.groups?.save({ groupId, members: [], parent: null, expiresAt: null });
  same(await other.store.groups?.load(groupId), undefined, 'our group, loaded in the other namespace');
  await other.store.groups?.delete(groupId);
  same(
    (await reader.store.groups?.load(groupId))?.groupId,
    reader.store.groups && groupId,
    'our group after their delete',
  );
}

/** Channels of a server may know nothing of its databases, schemas and prefixes. */
async function watchersApart(t: ClauseContext, other: OpenStore): Promise<void> {
  if (!other.store.notify) return;
  const taskId = t.id();
  const watching = await t.watch(other, [taskId]);
  await t.put(t.writer, { taskId, result: 'ours' });
  await t.quiet();
  await other.store.put([t.record({ taskId, result: 'theirs' })]);
  await watching.until('a write in its own namespace', ({ result }) => result === 'theirs');
  const told = watching.told.map((outcome) => ('state' in outcome ? outcome.result : outcome));
  t.same([...new Set(told)], ['theirs'], 'what a watcher in the other namespace was told');
}

async function scannedResults({ store }: OpenStore): Promise<readonly unknown[] | undefined> {
  if (!store.scan) return undefined;
  const results: unknown[] = [];
  for await (const { records } of store.scan.pages())
    results.push(...records.map((outcome) => ('state' in outcome ? outcome.result : outcome)));
  return results;
}
