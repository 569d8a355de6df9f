import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { readWhenBack, recovered, settled } from './outcomes.js';
import { REC_BATCHES } from './rec-batches.js';
import { REC_OUTAGE } from './rec-outage.js';
import { REC_SERVER } from './rec-server.js';
import { REC_WATCH } from './rec-watch.js';

/** Bytes of an answer that still come through: none, the first, and a few. */
const REPLY_BYTES = [0, 1, 7];
/** Bytes of a request, too: up to a whole one. */
const REQUEST_BYTES = [0, 1, 20, 200];

const CUT: readonly Clause[] = [
  {
    id: 'REC-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After its idle connections are cut a store works again within the recovery budget, without help.',
    hint: 'Notice the loss and connect again: at the next call, or in the background with pauses.',
    source: 'architecture: reconnection is the store’s own business',
    needs: ['faults'],
    async run(t) {
      const taskId = await t.put(t.writer, { state: 'STARTED' });
      await t.read(t.reader, taskId);
      for (const each of [t.reader, t.writer]) await t.link(each).cut();
      for (const each of [t.reader, t.writer]) await recovered(t, each);
      const after = await t.put(t.writer, { result: 'after the cut' });
      t.same(await readWhenBack(t, t.reader, after), 'after the cut', 'what is read of a record put after the cut');
    },
  },
  {
    id: 'REC-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A read whose connection is cut or refused gives the record or rejects with RB_UNAVAILABLE, never undefined.',
    hint: 'Let connection errors through: an empty answer means that nothing is stored.',
    source: 'Auth.js adapter-pg getUser, keyv has(): both answer a lost connection with "not there"',
    needs: ['faults'],
    async run(t) {
      const taskId = await t.put(t.writer, { result: 'kept' });
      t.same(await readWhenBack(t, t.reader, taskId), 'kept', 'the record before any cut');
      const link = t.link(t.reader);
      const judge = async (what: string, whenRunning: () => Promise<void>): Promise<void> => {
        const call = t.get(t.reader, [taskId]);
        // Looked at below; until then its rejection is nobody's.
        call.catch(() => {});
        await whenRunning();
        const { value, error } = await settled(what, call, t.recoveryMs);
        if (error) t.same(error.code, 'RB_UNAVAILABLE', `the code of ${what}`);
        else
          t.same(
            value.map((each) => each && 'state' in each && each.result),
            ['kept'],
            what,
          );
      };
      for (const bytes of REPLY_BYTES) {
        await recovered(t, t.reader);
        await link.cutAfter(bytes);
        await judge(`a read cut after ${bytes} bytes of its answer`, async () => {});
        await link.heal();
      }
      await link.cut({ refuse: true });
      await judge('a read while connections are refused', async () => {
        await t.quiet();
        await link.heal();
      });
    },
  },
  {
    id: 'REC-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A write that is cut succeeds, or rejects: RB_UNAVAILABLE only where nothing was applied, else RB_OUTCOME_UNKNOWN; putting it again leaves exactly one record.',
    hint: 'A write that lost its connection after it was sent may have been applied: reject with RB_OUTCOME_UNKNOWN.',
    source: 'architecture: failure; a write without an answer is neither a success nor a failure',
    needs: ['faults'],
    async run(t) {
      for (const bytes of REPLY_BYTES) await cutWrite(t, bytes, 'replies');
      for (const bytes of REQUEST_BYTES) await cutWrite(t, bytes, 'requests');
    },
  },
  {
    id: 'REC-14',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A delete that is cut succeeds or rejects with RB_UNAVAILABLE or RB_OUTCOME_UNKNOWN, and can be repeated.',
    hint: 'A delete that lost its connection after it was sent may have been applied: reject with RB_OUTCOME_UNKNOWN.',
    source: 'architecture: failure',
    needs: ['faults', 'any-reader'],
    async run(t: ClauseContext) {
      for (const bytes of REPLY_BYTES) {
        const what = `a delete cut after ${bytes} bytes of its answer`;
        const taskId = await t.put(t.writer);
        const link = t.link(t.writer);
        await link.cutAfter(bytes);
        const { error } = await settled(what, t.writer.store.delete([taskId]), t.recoveryMs);
        await link.heal();
        await recovered(t, t.writer);
        const [left] = await t.get(t.reader, [taskId]);
        if (!error) t.same(left, undefined, `what is left after ${what}, which resolved`);
        else if (error.code === 'RB_UNAVAILABLE')
          t.that(left !== undefined, `${what}: RB_UNAVAILABLE, but it was applied`);
        else t.same(error.code, 'RB_OUTCOME_UNKNOWN', `the code of ${what}`);
        await t.writer.store.delete([taskId]);
        t.same(await t.get(t.reader, [taskId]), [undefined], `what is left after ${what}, and once more`);
      }
    },
  },
];

async function cutWrite(t: ClauseContext, bytes: number, direction: 'requests' | 'replies'): Promise<void> {
  const { writer, reader } = t;
  const what = `a put cut after ${bytes} bytes of the ${direction}`;
  const link = t.link(writer);
  const taskId = t.id();
  // Longer than the requests that are cut, and so are its answers.
  const fields = { taskId, state: 'SUCCESS', result: `written once ${'.'.repeat(256)}` };
  await recovered(t, writer);
  await link.cutAfter(bytes, direction);
  const { value, error } = await settled(what, t.putOne(writer, fields), t.recoveryMs);
  await link.heal();
  await recovered(t, writer);
  const stored = (await t.read(reader, taskId))?.result;

  if (value) {
    t.that(!('refused' in value), `${what} was refused, which is about the record and not about the connection`);
    t.same(stored, fields.result, `what is stored after ${what}, which resolved`);
  } else if (error?.code === 'RB_UNAVAILABLE') {
    t.same(stored, undefined, `what is stored after ${what}, of which RB_UNAVAILABLE says that nothing was applied`);
  } else {
    t.same(error?.code, 'RB_OUTCOME_UNKNOWN', `the code of ${what}`);
  }
  const again = await t.putOne(writer, fields);
  t.that(!('refused' in again), `${what} and put again was refused`);
  t.same((await t.read(reader, taskId))?.result, fields.result, `what is stored after ${what} and put again`);
  let copies = 0;
  for await (const { records } of reader.store.scan?.pages() ?? []) {
    copies += records.filter((each) => each.taskId === taskId).length;
  }
  if (reader.store.scan) t.same(copies, 1, `records of this id after ${what} and put again`);
}

/** Loss of connections. */
export const REC: readonly Clause[] = [...CUT, ...REC_BATCHES, ...REC_WATCH, ...REC_OUTAGE, ...REC_SERVER];
