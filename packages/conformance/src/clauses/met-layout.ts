import type { TaskRecord } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { keptOf } from './round-trip.js';

/** What is stored beneath the adapter, by golden vectors and in its verbatim form. */
export const MET_LAYOUT: readonly Clause[] = [
  {
    id: 'MET-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Every golden vector, written raw, reads as its record.',
    hint: 'Read what the reference producer writes, of every version: other spellings of dates, missing keys, typed values.',
    source: 'What real Celery stored; see the vector named',
    needs: ['raw', 'vectors'],
    async run(t) {
      for (const { name, stored, record } of t.raw.vectors ?? []) {
        await t.raw.write(record.taskId, stored);
        const found = await t.read(t.reader, record.taskId);
        t.same(found, { ...record, meta: keptOf(t, record.meta) }, `the vector '${name}'`);
      }
    },
  },
  {
    id: 'MET-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Every golden record, written by the adapter, is stored as its vector: the same bytes, fields or columns.',
    hint: 'Compare with what the reference producer stores; a value encoded twice, or a field of another type, is what its readers stumble over.',
    source: 'What real Celery stored; see the vector named',
    needs: ['raw', 'vectors'],
    async run(t) {
      const { canonical = (stored) => stored } = t.raw;
      for (const { name, stored, record, readOnly } of t.raw.vectors ?? []) {
        if (readOnly) continue;
        await t.put(t.writer, record);
        t.same(canonical(await t.raw.read(record.taskId)), canonical(stored), `what is stored of '${name}'`);
      }
    },
  },
  {
    id: 'MET-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record that is read with `verbatim` and put again through another handle is stored byte for byte.',
    hint: 'Where `verbatim.layout` is your own, write `verbatim.data` as it is; decoding and encoding it loses what only its writer knew.',
    source: 'Moving records between stores of one layout: architecture, dual write',
    needs: ['raw', 'vectors'],
    async run(t) {
      for (const { name, stored, record } of t.raw.vectors ?? []) {
        await t.raw.write(record.taskId, stored);
        const before = await t.raw.read(record.taskId);
        const moved = await readVerbatim(t, record.taskId);
        await t.writer.store.delete([record.taskId]);
        t.same(await t.raw.read(record.taskId), undefined, 'what is stored after the delete');
        await t.put(t.writer, moved);
        t.same(await t.raw.read(record.taskId), before, `what is stored of '${name}' after it was moved`);
      }
    },
  },
  {
    id: 'MET-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "A verbatim form of another layout is left alone: the record's own fields are stored.",
    hint: 'Compare `verbatim.layout` with your own before you use `verbatim.data`: layout and serializer must both be the same.',
    source: 'Moving records between stores of different layouts',
    async run(t) {
      const verbatim = { layout: 'somebody-elses/yaml', data: 'status: REVOKED\nresult: not this\n' };
      const fields = { state: 'FAILURE', result: 'this', traceback: 'and this', meta: { name: 'this too' } };
      const taskId = await t.put(t.writer, { ...fields, verbatim });
      const found = await t.read(t.reader, taskId);
      const { state, result, traceback, meta } = found ?? t.fail('the record cannot be read');
      t.same({ state, result, traceback, meta }, { ...fields, meta: keptOf(t, fields.meta) }, 'the record');
    },
  },
  {
    id: 'MET-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'The stored form is returned only where it was asked for, and the fields beside it are the same.',
    hint: 'Add `verbatim: { layout, data }` to the decoded record where the option says so, and nowhere else.',
    source: 'The contract, GetOptions',
    async run(t: ClauseContext) {
      const taskId = await t.put(t.writer, { result: { a: 1 }, meta: { name: 'n' } });
      const plain = await t.read(t.reader, taskId);
      t.that(plain !== undefined, 'the record cannot be read');
      t.same('verbatim' in plain, false, 'whether a plain get returns a verbatim form');
      const { verbatim, ...rest } = await readVerbatim(t, taskId);
      t.same(typeof verbatim?.layout, 'string', 'type of the name of the layout');
      t.same(rest, plain, 'the fields beside the verbatim form');
    },
  },
];

/** Ends the clause as not verifiable where the store keeps no form of its own. */
async function readVerbatim(t: ClauseContext, taskId: string): Promise<TaskRecord> {
  const [outcome] = await t.get(t.reader, [taskId], { verbatim: true });
  if (outcome === undefined || 'refused' in outcome) return t.fail('a record that was stored cannot be read verbatim');
  if (outcome.verbatim === undefined) t.notVerifiable('the store gives no verbatim form');
  return outcome;
}
