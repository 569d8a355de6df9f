import type { GroupReport } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext, OpenStore } from '../context.js';
import { groupOf, groupsOf } from './grouping.js';

/** Reports at once, over several handles and through one. */
const MEMBERS = 24;
const HANDLES = 4;
/** Each way, on one handle of several: a count that is read apart from the add is then always late. */
const LATENCY_MS = 5;

const UNKNOWN: GroupReport = { reported: 0, last: false };

/** Members that are done, counted. */
export const GRP_REPORTS: readonly Clause[] = [
  {
    id: 'GRP-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A member that reports twice is counted once, and no repeated report is the last.',
    hint: 'Keep the set of members that have reported; a counter counts a redelivered task twice.',
    source: 'Celery backends/redis.py: an integer counter of chord parts',
    needs: ['groups'],
    async run(t) {
      const [groupId, a, b] = [t.id(), t.id(), t.id()];
      await groupsOf(t, t.writer).save(groupOf(groupId, [a, b]));
      t.same(await report(t, t.writer, groupId, a), { reported: 1, last: false }, 'the first report of a');
      t.same(await report(t, t.reader, groupId, a), { reported: 1, last: false }, 'the second report of a');
      t.same(await report(t, t.reader, groupId, b), { reported: 2, last: true }, 'the first report of b');
      t.same(await report(t, t.writer, groupId, b), { reported: 2, last: false }, 'the second report of b');
    },
  },
  {
    id: 'GRP-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `${MEMBERS} reports at once return each number from 1 to ${MEMBERS} once, and exactly one of them is the last.`,
    hint: 'Add and count in one statement or script.',
    source: 'packages/core/src/contract.ts GroupCapability.report',
    needs: ['groups'],
    async run(t) {
      const handles = [t.writer, t.reader];
      while (handles.length < HANDLES) handles.push(await t.open());
      for (let i = t.rounds(4); i > 0; i -= 1) {
        await reportAtOnce(t, handles, 'over several handles');
        await reportAtOnce(t, [t.writer], 'through one handle');
      }
      const { link } = t.reader.handle;
      if (link === undefined || t.profile === 'quick') return;
      await link.latency(LATENCY_MS);
      await reportAtOnce(t, handles, 'over several handles, one of them slow');
      await link.heal();
    },
  },
  {
    id: 'GRP-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A report to an unknown, deleted or expired group resolves { reported: 0, last: false } and stores nothing.',
    hint: 'Look the group up in the same script that counts; do not make a counter for who is not there.',
    source: 'packages/core/src/contract.ts GroupCapability.report',
    needs: ['groups'],
    async run(t) {
      const member = t.id();
      const groups = groupsOf(t, t.writer);
      const judge = async (groupId: string, what: string): Promise<void> => {
        t.same(await report(t, t.writer, groupId, member), UNKNOWN, `a report to ${what} group`);
        t.same(await groupsOf(t, t.reader).load(groupId), undefined, `${what} group after a report to it`);
        t.same(await t.read(t.reader, groupId), undefined, `the task of the id of ${what} group`);
        t.same(await t.read(t.reader, member), undefined, `the record of a member that reported to ${what} group`);
        await groups.save(groupOf(groupId, [member]));
        t.same(
          await report(t, t.writer, groupId, member),
          { reported: 1, last: true },
          `the first report after ${what} group was saved`,
        );
      };
      await judge(t.id(), 'an unknown');

      const deleted = t.id();
      await groups.save(groupOf(deleted, [member, t.id()]));
      await report(t, t.writer, deleted, member);
      await groups.delete(deleted);
      await judge(deleted, 'a deleted');

      if (!t.facts.capabilities.includes('expiry')) return;
      const expired = t.id();
      await groups.save(groupOf(expired, [member, t.id()], { expiresAt: t.now() + t.ttlMs }));
      t.same(await report(t, t.writer, expired, member), { reported: 1, last: false }, 'a report before the deadline');
      await t.pass(t.ttlMs * 2, expired);
      await judge(expired, 'an expired');
    },
  },
  {
    id: 'GRP-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A report of a task that is no member is not counted, and never the last.',
    hint: 'Count what is reported and a member, not all that is reported.',
    source: 'packages/core/src/contract.ts GroupCapability.report',
    needs: ['groups'],
    async run(t) {
      const [groupId, a, b, stranger] = [t.id(), t.id(), t.id(), t.id()];
      await groupsOf(t, t.writer).save(groupOf(groupId, [a, b]));
      t.same(await report(t, t.writer, groupId, stranger), UNKNOWN, 'a stranger’s report before any member’s');
      t.same(await report(t, t.writer, groupId, a), { reported: 1, last: false }, 'the first report of a member');
      t.same((await report(t, t.writer, groupId, stranger)).last, false, 'whether a stranger’s report is the last');
      t.same(await report(t, t.reader, groupId, b), { reported: 2, last: true }, 'the report of the other member');
      t.same(
        (await report(t, t.reader, groupId, stranger)).last,
        false,
        'whether a stranger’s is the last, at the end',
      );
    },
  },
  {
    id: 'GRP-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'save replaces a group of the same id, its members and all that was reported to it.',
    hint: 'Delete the reports in the same transaction or script that writes the members.',
    source: 'packages/core/src/contract.ts GroupCapability.save',
    needs: ['groups'],
    async run(t) {
      const [groupId, a, b, c] = [t.id(), t.id(), t.id(), t.id()];
      const groups = groupsOf(t, t.writer);
      await groups.save(groupOf(groupId, [a, b]));
      await report(t, t.writer, groupId, a);
      await groups.save(groupOf(groupId, [c, a]));
      const loaded = await groupsOf(t, t.reader).load(groupId);
      t.same(
        loaded?.members.map(({ id }) => id),
        [c, a],
        'the members after a second save',
      );
      t.same(await report(t, t.reader, groupId, c), { reported: 1, last: false }, 'the first report after it');
      t.same((await report(t, t.reader, groupId, b)).last, false, 'whether the report of a former member is the last');
      t.same(await report(t, t.reader, groupId, a), { reported: 2, last: true }, 'a second report of who stayed');
    },
  },
];

const report = (t: ClauseContext, through: OpenStore, groupId: string, taskId: string): Promise<GroupReport> =>
  groupsOf(t, through).report(groupId, t.record({ taskId }));

async function reportAtOnce(t: ClauseContext, handles: readonly OpenStore[], what: string): Promise<void> {
  const groupId = t.id();
  const ids = Array.from({ length: MEMBERS }, () => t.id());
  await groupsOf(t, t.writer).save(groupOf(groupId, ids));
  const reports = await Promise.all(
    ids.map((taskId, i) => report(t, handles[i % handles.length] as OpenStore, groupId, taskId)),
  );
  const numbers = reports.map(({ reported }) => reported).toSorted((a, b) => a - b);
  t.same(
    numbers,
    ids.map((_, i) => i + 1),
    `what ${MEMBERS} reports at once returned, ${what}`,
  );
  const last = reports.filter((each) => each.last);
  t.same(
    last.map(({ reported }) => reported),
    [MEMBERS],
    `the reports that were the last, ${what}`,
  );
}
