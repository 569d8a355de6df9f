import type { Clause } from '../clause.js';
import { settled } from './outcomes.js';
import { live } from './wai-live.js';

const TIMEOUT_MS = 60;
/** Timers count from a clock that is rounded to milliseconds. */
const ROUNDING_MS = 2;

/** Waits that end by time. */
export const ABO_WAITS: readonly Clause[] = [
  {
    id: 'ABO-7',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'wait rejects with RB_TIMEOUT, name TimeoutError, not before timeoutMs and not much later.',
    hint: 'One timer per backend, whose list is looked at when it fires; a last read may follow, and is bounded too.',
    source: 'packages/core/src/contract.ts; DOM: TimeoutError',
    async run({ backend, reader, id, rejects, settleMs, slackMs, same }) {
      const waits = backend(reader);
      const started = performance.now();
      const error = await rejects(
        waits.wait(id(), { timeoutMs: TIMEOUT_MS }),
        'RB_TIMEOUT',
        `wait with timeoutMs: ${TIMEOUT_MS}`,
      );
      const took = performance.now() - started;
      same(error.name, 'TimeoutError', 'name of the error');
      same(took >= TIMEOUT_MS - ROUNDING_MS, true, `whether it waited for ${TIMEOUT_MS} ms (${Math.round(took)} ms)`);
      same(
        took < TIMEOUT_MS + settleMs + slackMs,
        true,
        `whether it ended soon after ${TIMEOUT_MS} ms (${Math.round(took)} ms)`,
      );
    },
  },
  {
    id: 'ABO-8',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'timeoutMs: 0 reads once; absent means no limit; values beyond 2^31 − 1 do not fire at once.',
    hint: 'setTimeout takes 31 bits: longer delays fire at once unless they are split.',
    source: 'Node.js timers: TimeoutOverflowWarning',
    // What goes wrong here waits for ever.
    limitMs: 5_000,
    async run({ backend, reader, writer, put, read, id, rejects, quiet, same }) {
      const waits = backend(reader, { pollMs: 10 });
      await rejects(waits.wait(id(), { timeoutMs: 0 }), 'RB_TIMEOUT', 'wait for an unknown task with timeoutMs: 0');
      const ready = await put(writer, { state: 'SUCCESS', result: 1 });
      await read(reader, ready);
      same((await waits.wait(ready, { timeoutMs: 0 })).state, 'SUCCESS', 'wait for a ready task with timeoutMs: 0');
      const taskId = id();
      const settled: string[] = [];
      const waiting = [undefined, 2 ** 31, Number.MAX_SAFE_INTEGER].map((timeoutMs) =>
        waits.wait(taskId, timeoutMs === undefined ? {} : { timeoutMs }).then(
          ({ state }) => settled.push(state),
          (error: Error) => settled.push(error.message),
        ),
      );
      await quiet();
      same(settled, [], 'what became of waits without a limit, and with very long ones');
      await put(writer, { taskId, state: 'SUCCESS', result: 2 });
      await Promise.all(waiting);
      same(settled, ['SUCCESS', 'SUCCESS', 'SUCCESS'], 'what became of them after a result was stored');
    },
  },
  {
    id: 'ABO-9',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'An aborted wait rejects at once with RB_ABORTED and the reason of its signal, also where it was aborted before.',
    hint: 'Listen to the signal for as long as the wait lasts.',
    source: 'packages/core/src/backend.ts ResultBackend.wait',
    async run(t) {
      const backend = t.backend(t.reader, { pollMs: 10 });
      const reason = { by: 'the caller' };
      const before = backend.wait(t.id(), { signal: AbortSignal.abort(reason) });
      const { cause } = await t.rejects(before, 'RB_ABORTED', 'a wait that was aborted before');
      t.same(cause === reason, true, 'whether the cause of a wait that was aborted before is the reason given');
      const owner = new AbortController();
      const waiting = settled('an aborted wait', backend.wait(t.id(), { signal: owner.signal }), t.settleMs);
      await live(t);
      owner.abort(reason);
      const { value, error } = await waiting;
      t.same([value?.state ?? error?.code, error?.name], ['RB_ABORTED', 'AbortError'], 'how an aborted wait ended');
      t.same(error?.cause === reason, true, 'whether the cause of an aborted wait is the reason given');
    },
  },
];
