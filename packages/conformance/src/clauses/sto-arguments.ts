import type { Clause } from '../clause.js';

/** What a call is given. */
export const STO_ARGUMENTS: readonly Clause[] = [
  {
    id: 'STO-18',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'No call changes what it was given: neither records, nor lists of records or ids.',
    hint: 'Copy before sorting, filling in or taking out: the caller goes on using its objects.',
    source: 'packages/core/src/contract.ts: arguments are readonly',
    async run({ writer, reader, record, putAll, read, get, id, same }) {
      const plain = { result: { list: [1] }, meta: { name: 'n', args: [1] } };
      // In falling order, so that sorting shows.
      const records = ['c', 'b', 'a'].map((end) => record({ ...plain, taskId: `${end}-${id()}`, state: 'STARTED' }));
      // Under jest, structuredClone gives objects of another realm, which equal none of this one.
      const givenRecords: unknown = JSON.parse(JSON.stringify(records));
      await putAll(writer, records);
      same(records, givenRecords, 'the records that put was given');
      for (const { taskId } of records) same((await read(reader, taskId))?.state, 'STARTED', 'the state of each');

      const ids = [...records.map(({ taskId }) => taskId), id(), records[0]?.taskId ?? ''];
      const givenIds = [...ids];
      await get(reader, ids);
      same(ids, givenIds, 'the ids that get was given');
      await reader.store.delete(ids);
      same(ids, givenIds, 'the ids that delete was given');
    },
  },
];
