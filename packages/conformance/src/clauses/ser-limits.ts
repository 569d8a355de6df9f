import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';

/** For the keys, the id and the framing of a record whose result is nearly all of it. */
const MARGIN_BYTES = 1_024;

/** Large records. */
export const SER_LIMITS: readonly Clause[] = [
  {
    id: 'SER-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A result of 1 MiB round-trips.',
    hint: 'Check the limits of a packet, a column and a buffer on the way; a socket gives data in pieces.',
    source: 'max_allowed_packet of MySQL, the framing of any protocol',
    needs: ['holds-1-mib'],
    async run(t) {
      const result = textOf(2 ** 20);
      const taskId = await t.put(t.writer, { result });
      t.same((await t.read(t.reader, taskId))?.result, result, 'a result of 1 MiB');
    },
  },
  {
    id: 'SER-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record over `traits.maxBytes` is refused with RB_TOO_LARGE, stores nothing, and leaves the store usable.',
    hint: 'Measure the encoded record in bytes, not in characters, before anything is sent.',
    source: 'Servers answer an oversized value by closing the connection (MySQL, RabbitMQ), or by cutting it',
    needs: ['bounded-size'],
    async run(t) {
      const { maxBytes } = t.facts.traits;
      // The second is short in characters: each takes three bytes.
      for (const result of [textOf(maxBytes + 1), '悪'.repeat(Math.ceil(maxBytes / 3) + 1)]) {
        const taskId = await t.put(t.writer, { state: 'STARTED', result: 'before' });
        const beside = t.record({ result: 'beside' });
        const [refused, applied] = await t.putAll(t.writer, [t.record({ taskId, result }), beside]);
        if (!refused || !('refused' in refused))
          return t.fail(`a result of ${Buffer.byteLength(result)} bytes was accepted; maxBytes is ${maxBytes}`);
        t.same(refused.refused.code, 'RB_TOO_LARGE', 'code of the refusal');
        t.same(refused.refused.taskId, taskId, "the refusal's taskId");
        t.same(applied, { applied: true }, 'outcome of the record beside it');
        t.same((await t.read(t.reader, taskId))?.result, 'before', 'the result that remains');
        t.same((await t.read(t.reader, beside.taskId))?.result, 'beside', 'the result beside it');
        await t.put(t.writer, { taskId, result: 'after' });
        t.same((await t.read(t.reader, taskId))?.result, 'after', 'a small result put afterwards');
      }
    },
  },
  {
    id: 'SER-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A record of `traits.maxBytes` less 1 KiB is accepted and read.',
    hint: 'Declare what really fits: the limit of the server less what keys and framing take.',
    source: 'The contract, StoreTraits',
    needs: ['bounded-size'],
    run: (t) => fits(t, textOf(t.facts.traits.maxBytes - MARGIN_BYTES)),
  },
];

async function fits(t: ClauseContext, result: string): Promise<void> {
  const outcome = await t.putOne(t.writer, { taskId: 'full', result });
  t.same(
    outcome,
    { applied: true },
    `put of a result of ${result.length} bytes; maxBytes is ${t.facts.traits.maxBytes}`,
  );
  const found = await t.read(t.reader, 'full');
  t.that(found?.result === result, 'the result that is read is not the one that was put');
}

/** ASCII in which no piece is like another, so that a lost or repeated one shows. */
function textOf(bytes: number): string {
  let text = '';
  for (let i = 0; text.length < bytes; i += 1) text += `${i.toString(36)} `;
  return text.slice(0, bytes);
}
