import { type GroupRecord, ResultNode } from '@rb/core';
import type { Clause } from '../clause.js';
import { groupOf, groupsOf } from './grouping.js';
import { GRP_BACKEND } from './grp-backend.js';
import { GRP_REPORTS } from './grp-reports.js';

const MANY = 1_000;

/** What groups are kept as, and how they go. */
const KEEPING: readonly Clause[] = [
  {
    id: 'GRP-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: `load returns the members in the order in which they were saved: none, one, and ${MANY}.`,
    hint: 'Keep a list; a set forgets the order.',
    source: 'Celery GroupResult: results are joined in member order',
    needs: ['groups'],
    async run(t) {
      for (const size of [0, 1, MANY]) {
        const groupId = t.id();
        // Not sorted by anything.
        const ids = t.random.shuffle(Array.from({ length: size }, () => t.id()));
        await groupsOf(t, t.writer).save(groupOf(groupId, ids));
        const loaded = await groupsOf(t, t.reader).load(groupId);
        t.same(
          loaded?.members.map(({ id }) => id),
          ids,
          `the members of a group of ${size}`,
        );
      }
    },
  },
  {
    id: 'GRP-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'delete of a group resolves true once: load is undefined then, and a second delete resolves false.',
    hint: 'Return whether there was something, and delete what was reported along with the members.',
    source: 'packages/core/src/contract.ts GroupCapability.delete',
    needs: ['groups'],
    async run(t) {
      const groupId = t.id();
      const [writing, reading] = [groupsOf(t, t.writer), groupsOf(t, t.reader)];
      t.same(await writing.delete(groupId), false, 'delete of a group that was never saved');
      await writing.save(groupOf(groupId, [t.id()]));
      t.same((await reading.load(groupId))?.members.length, 1, 'members before it was deleted');
      t.same(await writing.delete(groupId), true, 'the first delete');
      t.same(await reading.load(groupId), undefined, 'load of a deleted group');
      t.same(await reading.delete(groupId), false, 'the second delete');
    },
  },
  {
    id: 'GRP-7',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A group and a task of the same id do not collide: each is read, and deleted, by itself.',
    hint: 'Give groups keys or tables of their own, as Celery does.',
    source: 'Celery: celery-taskset-meta- beside celery-task-meta-',
    needs: ['groups'],
    async run(t) {
      const [id, member] = [t.id(), t.id()];
      const groups = groupsOf(t, t.writer);
      await groups.save(groupOf(id, [member]));
      await t.put(t.writer, { taskId: id, result: 'of the task' });
      const look = async (): Promise<unknown> => [
        (await groupsOf(t, t.reader).load(id))?.members.map((node) => node.id),
        (await t.read(t.reader, id))?.result,
      ];
      t.same(await look(), [[member], 'of the task'], 'a group and a task of one id');
      await groups.delete(id);
      t.same(await look(), [undefined, 'of the task'], 'the same after the group was deleted');
      await groups.save(groupOf(id, [member]));
      await t.reader.store.delete([id]);
      t.same((await groupsOf(t, t.reader).load(id))?.members.length, 1, 'members after the task was deleted');
    },
  },
  {
    id: 'GRP-12',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A group is loaded as it was saved: its parent, groups inside groups, parents of members, and its deadline.',
    hint: 'Store members as Celery’s result tuples, which nest; an id alone is not enough.',
    source: 'packages/core/src/contract.ts GroupRecord; Celery result_from_tuple',
    needs: ['groups'],
    async run(t) {
      const first = new ResultNode(t.id());
      const inside = new ResultNode(t.id(), null, [new ResultNode(t.id()), new ResultNode(t.id(), null, [])]);
      const group: GroupRecord = {
        groupId: t.id(),
        members: [new ResultNode(t.id(), first), inside, new ResultNode(t.id())],
        parent: new ResultNode(t.id(), first),
        expiresAt: t.facts.capabilities.includes('expiry') ? t.now() + t.ttlMs : null,
      };
      await groupsOf(t, t.writer).save(group);
      const loaded = await groupsOf(t, t.reader).load(group.groupId);
      t.same(loaded && plain(loaded), plain(group), 'the group as loaded');
      t.same(loaded?.expiresAt, group.expiresAt, 'its deadline');
    },
  },
];

/** Nodes as Celery's tuples, which show where two of them differ. */
const plain = ({ groupId, members, parent }: GroupRecord): unknown => ({
  groupId,
  members: members.map((member) => member.toTuple()),
  parent: parent?.toTuple() ?? null,
});

/** Groups. */
export const GRP: readonly Clause[] = [...KEEPING, ...GRP_REPORTS, ...GRP_BACKEND];
