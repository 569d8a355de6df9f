import type { Clause } from '../clause.js';
import { recovered, settled } from './outcomes.js';

/** Bytes of the answers that still come through: of none, of one or a few of a store that answers each record, of most. */
const REPLY_BYTES = [0, 30, 100, 300];
/** More records than any of these bytes could answer. */
const RECORDS = 40;

/** Batches that lose their connection under way. */
export const REC_BATCHES: readonly Clause[] = [
  {
    id: 'REC-15',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A batch of writes that is cut under way rejects as a whole: what the connection did is said of no record, so that all of it is put again.',
    hint: 'An outcome `refused` is for good, and about its record. Where some writes of a batch lost their answers, reject with RB_OUTCOME_UNKNOWN.',
    source: 'packages/core/src/contract.ts ResultStore.put; pipelines, whose answers come one by one',
    needs: ['faults'],
    async run(t) {
      const { writer, reader } = t;
      const link = t.link(writer);
      for (const bytes of REPLY_BYTES) {
        const what = `a batch cut after ${bytes} bytes of its answers`;
        const records = Array.from({ length: RECORDS }, () => t.record({ result: what }));
        const taskIds = records.map(({ taskId }) => taskId);
        await recovered(t, writer);
        await link.cutAfter(bytes);
        const { value, error } = await settled(what, t.putAll(writer, records), t.recoveryMs);
        await link.heal();
        await recovered(t, writer);
        if (value) {
          const refused = value.filter((outcome) => 'refused' in outcome);
          t.same(refused, [], `outcomes of ${what} that refuse their record`);
        } else if (error.code === 'RB_UNAVAILABLE') {
          const stored = (await t.get(reader, taskIds)).filter((found) => found !== undefined);
          t.same(stored, [], `what is stored of ${what}, of which RB_UNAVAILABLE says that nothing was applied`);
        } else {
          t.same(error.code, 'RB_OUTCOME_UNKNOWN', `the code of ${what}`);
        }
        const again = await t.putAll(writer, records);
        t.same(
          again.filter((outcome) => 'refused' in outcome),
          [],
          `outcomes of ${what} and put again that refuse their record`,
        );
        for (const taskId of taskIds)
          t.same((await t.read(reader, taskId))?.result, what, `a record of ${what} and put again`);
      }
    },
  },
];
