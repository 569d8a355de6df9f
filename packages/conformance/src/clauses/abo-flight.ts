import type { Clause } from '../clause.js';

/** The contract says promptly: no more than a person notices. */
const PROMPTLY_MS = 100;
/** Long enough that the request has been sent. */
const SENT_MS = 30;
/** Each way: an answer is on its way for so long. */
const LATENCY_MS = 25;

interface Adding {
  readonly told: readonly string[];
  add(signal: AbortSignal): Promise<void>;
  readonly adding: Promise<void>;
}

/** Calls that are aborted in flight. */
export const ABO_FLIGHT: readonly Clause[] = [
  {
    id: 'ABO-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An abort in flight rejects within 100 ms although the server never answers.',
    hint: 'abortable() of @rb/core: settle the call, and let the answer come or not.',
    source: 'packages/core/src/contract.ts CallOptions; kysely: ignore query',
    needs: ['faults'],
    async run({ open, link, get, id, record, rejects, sleep, slackMs, same }) {
      const handle = await open();
      await get(handle, [id()]);
      await link(handle).blackhole();
      for (const [what, call] of [
        ['get', (signal: AbortSignal) => get(handle, [id()], { signal })],
        ['put', (signal: AbortSignal) => handle.store.put([record()], { signal })],
        ['delete', (signal: AbortSignal) => handle.store.delete([id()], { signal })],
      ] as const) {
        const controller = new AbortController();
        const calling = rejects(
          call(controller.signal) as Promise<unknown>,
          'RB_ABORTED',
          `${what} that was aborted in flight`,
        );
        await sleep(SENT_MS);
        const started = performance.now();
        controller.abort();
        const error = await calling;
        same(
          performance.now() - started < PROMPTLY_MS + slackMs,
          true,
          `whether the aborted ${what} rejected promptly (${Math.round(performance.now() - started)} ms)`,
        );
        same(error.name, 'AbortError', `name of the error of the aborted ${what}`);
      }
      await link(handle).heal();
    },
  },
  {
    id: 'ABO-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'After an abort in flight the next calls get their own answers.',
    hint: 'The answer to an aborted request still comes: match answers to requests, or take the place of the aborted one in the line.',
    source: 'protocols that answer in order: Redis, PostgreSQL, MySQL',
    needs: ['faults', 'any-reader'],
    async run({ writer, open, link, put, get, sleep, rounds, same }) {
      const handle = await open();
      const ids = await Promise.all(['a', 'b', 'c'].map((result) => put(writer, { result })));
      await get(handle, ids);
      await link(handle).latency(LATENCY_MS);
      for (let round = 0; round < rounds(3); round += 1) {
        const controller = new AbortController();
        const aborted = get(handle, [ids[0] ?? ''], { signal: controller.signal }).catch(() => {});
        await sleep(LATENCY_MS / 2);
        controller.abort();
        await aborted;
        const answers = await Promise.all([get(handle, [ids[1] ?? '']), get(handle, [ids[2] ?? ''])]);
        const results = answers.flat().map((found) => found && 'state' in found && found.result);
        same(results, ['b', 'c'], 'results of two gets after a get of another task was aborted in flight');
      }
      await link(handle).heal();
    },
  },
  {
    id: 'ABO-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An aborted watch leaves no subscription.',
    hint: 'Take the ids back where add() was aborted, also when the server confirms later; those alone that it brought.',
    source: 'packages/core/src/contract.ts Subscription.add',
    needs: ['notify'],
    async run({ writer, reader, put, rejects, watch, quiet, same }) {
      const taskId = await put(writer, { state: 'STARTED', result: null });
      const subscribe = (signal: AbortSignal): Adding => {
        const told: string[] = [];
        const subscription = reader.store.notify?.subscribe({
          record: (outcome) => told.push(outcome.taskId),
          gap() {},
        });
        const add = async (again: AbortSignal): Promise<void> => subscription?.add([taskId], { signal: again });
        return { told, add, adding: add(signal) };
      };
      const before = subscribe(AbortSignal.abort());
      await rejects(before.adding, 'RB_ABORTED', 'add with an aborted signal');
      const controller = new AbortController();
      const during = subscribe(controller.signal);
      controller.abort();
      const isAdded = await during.adding.then(
        () => true,
        () => false,
      );
      const control = await watch(reader, [taskId]);
      const added = subscribe(new AbortController().signal);
      await added.adding;
      await rejects(added.add(AbortSignal.abort()), 'RB_ABORTED', 'a second add, with an aborted signal');
      await put(writer, { taskId, state: 'RETRY', result: null });
      await control.until('the control, a watch that was not aborted', ({ state }) => state === 'RETRY');
      await quiet();
      same(added.told.includes(taskId), true, 'whether a watch was told of an id that a later, aborted add named too');
      same(before.told, [], 'what a watch was told whose add() was aborted before it began');
      same(
        during.told.length > 0,
        isAdded,
        `whether a watch was told whose add() ${isAdded ? 'resolved before its abort' : 'was aborted'}`,
      );
    },
  },
];
