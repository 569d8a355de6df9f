import type { CallOptions, ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { ABO_FLIGHT } from './abo-flight.js';
import { ABO_WAITS } from './abo-waits.js';
import { groupOf } from './grouping.js';

/** Every operation that takes a signal, by name. */
function operations(
  t: ClauseContext,
  store: ResultStore,
  taskId: string,
): readonly (readonly [string, (options: CallOptions) => Promise<unknown>])[] {
  const { notify, expiry, groups, scan, stats } = store;
  const record = t.record({ taskId, state: 'FAILURE', result: null });
  const all: (readonly [string, ((options: CallOptions) => Promise<unknown>) | undefined])[] = [
    ['put', (options) => store.put([record], options)],
    ['get', (options) => store.get([taskId], options)],
    ['delete', (options) => store.delete([taskId], options)],
    [
      'add of a subscription',
      notify && (async (options) => notify.subscribe({ record() {}, gap() {} }).add([taskId], options)),
    ],
    ['sweep', expiry?.sweep && (async (options) => expiry.sweep?.(1, options))],
    [
      'groups.save',
      groups && ((options) => groups.save({ groupId: taskId, members: [], parent: null, expiresAt: null }, options)),
    ],
    ['groups.load', groups && ((options) => groups.load(taskId, options))],
    ['groups.delete', groups && ((options) => groups.delete(taskId, options))],
    ['groups.report', groups && ((options) => groups.report(taskId, record, options))],
    ['a scan', scan && (async (options) => scan.pages(options)[Symbol.asyncIterator]().next())],
    ['stats', stats && ((options) => stats.read(options))],
  ];
  return all.flatMap(([name, call]) => (call ? [[name, call] as const] : []));
}

/** Aborts and timeouts. */
export const ABO: readonly Clause[] = [
  {
    id: 'ABO-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An aborted signal rejects with RB_ABORTED, name AbortError, and has no effect.',
    hint: 'throwIfAborted() of @rb/core, first thing in every operation.',
    source: 'DOM: AbortSignal; packages/core/src/contract.ts CallOptions',
    async run(t) {
      const { writer, reader, put, read, rejects, same, facts } = t;
      const taskId = await put(writer, { state: 'STARTED', result: 'before' });
      same((await read(reader, taskId))?.result, 'before', 'result before the aborted calls');
      const [group, member, other] = [t.id(), t.id(), t.id()];
      const { groups } = writer.store;
      await groups?.save(groupOf(group, [member, other]));
      const reported = groups?.report(group, t.record({ taskId: member }), { signal: AbortSignal.abort() });
      if (reported) await rejects(reported, 'RB_ABORTED', 'a report with an aborted signal');
      for (const [what, call] of operations(t, writer.store, taskId)) {
        const error = await rejects(
          call({ signal: AbortSignal.abort() }),
          'RB_ABORTED',
          `${what} with an aborted signal`,
        );
        same(error.name, 'AbortError', `name of the error of ${what}`);
      }
      await t.quiet();
      same(
        (await read(reader, taskId))?.result,
        'before',
        'result after a put and a delete that were aborted before they began',
      );
      if (facts.capabilities.includes('groups'))
        same(await reader.store.groups?.load(taskId), undefined, 'the group whose save was aborted before it began');
      const next = await groups?.report(group, t.record({ taskId: other }));
      if (next) same(next.reported, 1, 'members that had reported after a report that was aborted before it began');
      await put(writer, { taskId, state: 'SUCCESS', result: 'after' });
      same((await read(reader, taskId))?.result, 'after', 'result of a put that was not aborted');
    },
  },
  {
    id: 'ABO-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "The error's cause is the signal's reason.",
    hint: 'new ResultError(RB_ABORTED, ..., { cause: signal.reason }).',
    source: 'DOM: AbortSignal.reason; packages/core/src/abort.ts',
    async run(t) {
      const reason = { by: 'the caller' };
      for (const [what, call] of operations(t, t.writer.store, t.id())) {
        const error = await t.rejects(
          call({ signal: AbortSignal.abort(reason) }),
          'RB_ABORTED',
          `${what} with an aborted signal`,
        );
        t.same(error.cause === reason, true, `whether the cause of the error of ${what} is the reason that was given`);
      }
    },
  },
  {
    id: 'ABO-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Aborting one call leaves concurrent calls of the same store undisturbed.',
    hint: 'An abort ends the waiting of one call, not the connection that it shares with others.',
    source: 'design: one connection, many calls',
    async run(t) {
      const { writer, reader, put, record, putAll, get, read, rounds, same } = t;
      const taskId = await put(writer, { state: 'SUCCESS', result: 'there' });
      same((await read(reader, taskId))?.result, 'there', 'result before');
      for (let round = 0; round < rounds(10); round += 1) {
        const controller = new AbortController();
        const others = [
          ...Array.from({ length: 5 }, () =>
            get(reader, [taskId]).then(([found]) => found && 'state' in found && found.result),
          ),
          ...Array.from({ length: 5 }, () =>
            putAll(reader, [record()]).then(([outcome]) => (outcome && 'applied' in outcome ? 'there' : outcome)),
          ),
        ];
        const aborted = Promise.allSettled([
          get(reader, [taskId], { signal: controller.signal }),
          putAll(reader, [record()], { signal: controller.signal }),
        ]);
        controller.abort();
        await aborted;
        const outcomes = (await Promise.allSettled(others)).map((each) =>
          each.status === 'fulfilled' ? each.value : String(each.reason),
        );
        same(
          outcomes,
          outcomes.map(() => 'there'),
          'outcomes of ten calls beside two that were aborted',
        );
      }
    },
  },
  ...ABO_FLIGHT,
  ...ABO_WAITS,
];
