import process from 'node:process';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { NotChecked } from '../evidence.js';
import type { StoredForm } from '../harness.js';

/** Beyond what decoding a form of some kilobytes may take at its worst, below what a bomb of 1:1000 makes of a megabyte. */
const MAX_GROWTH_BYTES = 256 * 2 ** 20;

/** What is read of stored forms that nobody could have written, or that somebody else wrote. */
export const SER_STORED: readonly Clause[] = [
  {
    id: 'SER-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An undecodable stored record is refused by `get` with RB_DECODE, naming the id, while the rest of the batch is read; it can still be deleted, and its id used again.',
    hint: 'Decode each record by itself and turn what is thrown into `{ taskId, refused }`; delete without reading.',
    source: 'The contract, Refused',
    needs: ['raw'],
    async run(t) {
      const { garbage = 'rb: not a stored record' } = t.raw;
      const sound = await t.put(t.writer, { result: 'sound' });
      const damaged = t.id();
      await t.raw.write(damaged, garbage);
      const [first, outcome, missing, last] = await t.get(t.reader, [sound, damaged, t.id(), sound]);
      t.same(refusalOf(outcome), { taskId: damaged, code: 'RB_DECODE', names: damaged }, 'get of a damaged record');
      for (const each of [first, last]) {
        t.same(each && 'state' in each && each.result, 'sound', 'result of the sound record beside it');
      }
      t.same(missing, undefined, 'get of an unknown id beside it');
      await t.writer.store.delete([damaged]);
      t.same(await t.get(t.reader, [damaged]), [undefined], 'get after the damaged record was deleted');
      await t.put(t.writer, { taskId: damaged, result: 'new' });
      t.same((await t.read(t.reader, damaged))?.result, 'new', 'result of a new record of the same id');
    },
  },
  {
    id: 'SER-9',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record of a serializer that is not accepted is refused with RB_DECODE, not misread.',
    hint: 'Check the content type where the layout has one, else let the decoder be strict: fatal UTF-8, no trailing bytes.',
    source: 'kombu refuses content types that accept_content does not name',
    needs: ['raw'],
    run: (t) => refusesAll(t, 'foreign'),
  },
  {
    id: 'SER-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A stored document nested 10,000 deep, or compressed 1:1000, is refused within bounded time and memory.',
    hint: 'Limit the depth while parsing, and the length while inflating: a stack overflow or a gigabyte comes before any check afterwards.',
    source: 'CWE-674, uncontrolled recursion; CWE-409, decompression bombs',
    needs: ['raw'],
    async run(t: ClauseContext) {
      const before = process.resourceUsage().maxRSS;
      await refusesAll(t, 'bombs');
      const grownBytes = (process.resourceUsage().maxRSS - before) * 1_024;
      t.that(grownBytes < MAX_GROWTH_BYTES, `reading them took ${Math.round(grownBytes / 2 ** 20)} MiB of memory`);
    },
  },
];

/** With a sound record before and after, so that a store which refuses everything, or which they wrecked, is found out. */
async function refusesAll(t: ClauseContext, kind: 'foreign' | 'bombs'): Promise<void> {
  const forms: readonly StoredForm[] = t.raw[kind] ?? [];
  if (forms.length === 0) throw new NotChecked('no-power', `the raw access has no '${kind}'`);
  const sound = await t.put(t.writer, { result: 'sound' });
  for (const { name, stored } of forms) {
    const taskId = t.id();
    await t.raw.write(taskId, stored);
    const started = performance.now();
    const [outcome] = await t.get(t.reader, [taskId]);
    const tookMs = performance.now() - started;
    t.same(refusalOf(outcome), { taskId, code: 'RB_DECODE', names: taskId }, `get of the form '${name}'`);
    t.that(tookMs < t.settleMs, `refusing the form '${name}' took ${Math.round(tookMs)} ms`);
  }
  t.same((await t.read(t.reader, sound))?.result, 'sound', 'result of a sound record afterwards');
}

/** What of a refusal the contract fixes; anything else as it is. */
function refusalOf(outcome: Awaited<ReturnType<ClauseContext['get']>>[number]): unknown {
  if (outcome === undefined || !('refused' in outcome)) return outcome;
  const { taskId, refused } = outcome;
  return { taskId, code: refused.code, names: refused.taskId };
}
