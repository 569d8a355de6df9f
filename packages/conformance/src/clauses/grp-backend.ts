import { isResultError, isTaskFailedError, RemoteError, ResultNode, type ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { show } from '../evidence.js';
import { settled } from './outcomes.js';
import { live } from './wai-live.js';

const POLL_MS = 20;
const MEMBERS = 8;

/** Groups as applications use them; members may be given where the store keeps none. */
export const GRP_BACKEND: readonly Clause[] = [
  {
    id: 'GRP-8',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'join returns the values in member order whatever the order of completion, those of a group inside as an array.',
    hint: 'Collect by position, not as they come.',
    source: 'Celery GroupResult.join',
    run: (t) => joinsInOrder(t, t.reader.store),
  },
  {
    id: 'GRP-9',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'join rejects with the TaskFailedError of a failed member as soon as it is known; joinSettled waits for all.',
    hint: 'Do not wait for the members that are still at work; end their waits.',
    source: 'packages/core/src/group.ts ResultGroup.join',
    run: (t) => failsWithMember(t, t.reader.store),
  },
  {
    id: 'GRP-10',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'On a store without groups and notify joins give the same answers, and what must be kept is refused with RB_UNSUPPORTED.',
    hint: 'With members given a join needs no more than get.',
    source: 'packages/core/src/group.ts',
    async run(t) {
      const bare: ResultStore = { ...t.reader.store, groups: undefined, notify: undefined };
      await joinsInOrder(t, bare);
      await failsWithMember(t, bare);
      const group = t.backend(bare, { pollMs: POLL_MS }).group(t.id());
      await t.rejects(group.save([t.id()]), 'RB_UNSUPPORTED', 'save on a store without groups');
      await t.rejects(group.load(), 'RB_UNSUPPORTED', 'load on a store without groups');
      await t.rejects(group.report(t.record()), 'RB_UNSUPPORTED', 'report on a store without groups');
    },
  },
  {
    id: 'GRP-13',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'asCompleted yields each member’s ready record once, in the order of completion, and ends.',
    hint: 'Yield as the waits end, not in member order.',
    source: 'packages/core/src/group.ts ResultGroup.asCompleted',
    async run(t) {
      const ids = Array.from({ length: MEMBERS }, () => t.id());
      const order = t.random.shuffle(ids);
      const yielded: string[] = [];
      const group = t.backend(t.reader, { pollMs: POLL_MS }).group(t.id(), ids);
      const all = (async () => {
        for await (const { taskId } of group.asCompleted()) {
          yielded.push(taskId);
          t.note(`yielded ${yielded.length} of ${MEMBERS}`);
        }
      })();
      all.catch(() => {});
      for (const [i, taskId] of order.entries()) {
        await t.put(t.writer, { taskId });
        await t.eventually(`a member is yielded once it is ready (${i + 1} of ${MEMBERS})`, () => yielded.length > i);
      }
      await settled('asCompleted, once all members were ready', all, t.settleMs);
      t.same(yielded, order, 'the members in the order yielded, and of completion');
    },
  },
  {
    id: 'GRP-14',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'The report of a task that is not ready is a TypeError and counts nothing; once it is ready it is counted.',
    hint: 'Read the task first: STARTED is no result.',
    source: 'packages/core/src/group.ts ResultGroup.report',
    needs: ['groups', 'any-reader'],
    async run(t: ClauseContext) {
      const taskId = await t.put(t.writer, { state: 'STARTED' });
      const group = t.backend(t.reader, { pollMs: POLL_MS }).group(t.id());
      await group.save([taskId]);
      const refused = await group.report(taskId).then(show, (error: unknown) => error);
      t.that(
        refused instanceof TypeError,
        `the report of a task in STARTED: expected a TypeError, got ${show(refused)}`,
      );
      await t.put(t.writer, { taskId });
      t.same(await group.report(taskId), { reported: 1, last: true }, 'its report once it was ready');
    },
  },
  {
    id: 'GRP-15',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'forget deletes a group and the records of its tasks; a join then rejects with RB_NOT_FOUND.',
    hint: 'Delete the members of groups inside too, and nothing else.',
    source: 'Celery GroupResult.forget',
    needs: ['groups', 'any-reader'],
    async run(t) {
      const [a, b, inside, other] = [
        await t.put(t.writer),
        await t.put(t.writer),
        await t.put(t.writer),
        await t.put(t.writer),
      ];
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const groupId = t.id();
      await backend.group(groupId).save([a, b, new ResultNode(t.id(), null, [new ResultNode(inside)])]);
      await backend.group(groupId).forget();
      const found = await t.get(t.writer, [a, b, inside, other]);
      t.same(
        found.map((each) => each !== undefined),
        [false, false, false, true],
        'whether records are left: of three members, and of a task that was none',
      );
      await t.rejects(backend.group(groupId).join({ timeoutMs: t.settleMs }), 'RB_NOT_FOUND', 'a join after forget');
    },
  },
];

async function joinsInOrder(t: ClauseContext, store: ResultStore): Promise<void> {
  const ids = Array.from({ length: MEMBERS }, () => t.id());
  const [inside, after] = [ids.slice(2, 5), ids.slice(5)];
  const members = [
    ...ids.slice(0, 2),
    new ResultNode(
      t.id(),
      null,
      inside.map((id) => new ResultNode(id)),
    ),
    ...after,
  ];
  const join = t.backend(store, { pollMs: POLL_MS }).group(t.id(), members).join();
  const joined = settled('the join of a group whose members are all ready', join, t.settleMs * 2);
  joined.catch(() => {});
  await live(t);
  for (const taskId of t.random.shuffle(ids)) await t.put(t.writer, { taskId, result: `value of ${taskId}` });
  const resultOf = (taskId: string): string => `value of ${taskId}`;
  const expected = [...ids.slice(0, 2).map(resultOf), inside.map(resultOf), ...after.map(resultOf)];
  t.same((await joined).value, expected, 'the values of a join');
}

async function failsWithMember(t: ClauseContext, store: ResultStore): Promise<void> {
  const [fine, failed, slow] = [t.id(), t.id(), t.id()];
  const group = t.backend(store, { pollMs: POLL_MS }).group(t.id(), [fine, failed, slow]);
  const end = group.join().then(
    (values) => `it resolved to ${show(values)}`,
    (error: unknown) => error,
  );
  let isSettled = false;
  const all = settled('joinSettled, once all members were ready', group.joinSettled(), t.settleMs * 2);
  const seen = all.then(
    () => {
      isSettled = true;
    },
    () => {},
  );
  await live(t);
  await t.put(t.writer, { taskId: fine, result: 1 });
  await t.put(t.writer, { taskId: failed, state: 'FAILURE', result: new RemoteError('ValueError', 'builtins', ['x']) });
  // Not waiting for `slow`, which is not ready yet.
  const error = (await settled('the join of a group of which a member failed', end, t.settleMs)).value;
  if (!isTaskFailedError(error)) return t.fail(`the join of a group of which a member failed: ${textOf(error)}`);
  t.same([error.taskId, error.state], [failed, 'FAILURE'], 'the task that a join rejects for');
  await live(t);
  t.same(isSettled, false, 'whether joinSettled ended before all members were ready');
  await t.put(t.writer, { taskId: slow, result: 3 });
  await seen;
  const settledAll = (await all).value ?? [];
  t.same(
    settledAll.map((each) => (each.status === 'fulfilled' ? each.value : each.status)),
    [1, 'rejected', 3],
    'what joinSettled made of three members',
  );
}

const textOf = (end: unknown): string =>
  typeof end === 'string' ? end : isResultError(end) ? `got ${show(end)}` : `got a foreign ${show(end)}`;
