import { ResultNode } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { code, openRaw, openStore, present, record, temporaryFile } from './support.js';

const group = (groupId: string, ids: readonly string[], expiresAt: number | null = null) => ({
  groupId,
  members: ids.map((id) => new ResultNode(id)),
  parent: null,
  expiresAt,
});
const numbered = (n: number): string[] => Array.from({ length: n }, (_, index) => `member-${n - index}`);

describe('saving and loading', () => {
  it.each([0, 1, 1_000])('keeps %i members in order', async (n) => {
    const filename = temporaryFile();
    const saved = group('g', numbered(n), 2 ** 42);
    await openStore({ filename }).groups?.save(saved);
    expect(await openStore({ filename }).groups?.load('g')).toEqual(saved);
  });

  it('keeps nested groups, and the parents of members and of the group', async () => {
    const { load, save } = present(openStore().groups);
    const nested = new ResultNode('nested', null, [new ResultNode('a'), new ResultNode('b', new ResultNode('p'))]);
    const saved = {
      groupId: 'g',
      members: [nested, new ResultNode('c')],
      parent: new ResultNode('before'),
      expiresAt: null,
    };
    await save(saved);
    expect(await load('g')).toEqual(saved);
  });

  it('does not collide with a task of the same id', async () => {
    const store = openStore();
    await store.put([record('same')]);
    await store.groups?.save(group('same', ['a']));
    expect(await store.get(['same'])).toEqual([record('same')]);
    expect(await store.delete(['same'])).toBe(1);
    expect(await store.groups?.load('same')).toEqual(group('same', ['a']));
  });

  it('deletes once, with the members', async () => {
    const filename = temporaryFile();
    const groups = present(openStore({ filename }).groups);
    await groups.save(group('g', ['a', 'b']));
    expect([await groups.delete('g'), await groups.delete('g')]).toEqual([true, false]);
    expect(await groups.load('g')).toBeUndefined();
    expect(openRaw(filename).prepare('SELECT * FROM rb_celery_tasksetmeta_members').all()).toEqual([]);
  });

  it('refuses an id that another database could not keep', async () => {
    const groups = present(openStore().groups);
    expect(await code(groups.save(group('i'.repeat(156), [])))).toBe('RB_TOO_LARGE');
  });

  it('names a stored group that cannot be read', async () => {
    const filename = temporaryFile();
    const groups = present(openStore({ filename }).groups);
    await groups.save(group('g', ['a']));
    openRaw(filename).exec("UPDATE celery_tasksetmeta SET result = x'8004'");
    await expect(groups.load('g')).rejects.toMatchObject({
      code: 'RB_DECODE',
      message: expect.stringContaining('group g'),
    });
    expect(await groups.delete('g')).toBe(true);
  });
});

describe('reporting', () => {
  it('counts each member once, and tells exactly one that it was the last', async () => {
    const filename = temporaryFile();
    const ids = numbered(20);
    const handles = Array.from({ length: 4 }, () => present(openStore({ filename }).groups));
    await handles[0]?.save(group('g', ids));
    const reports = await Promise.all([...ids, ...ids].map((id, index) => handles[index % 4]?.report('g', record(id))));
    expect(reports.filter((report) => report?.last)).toEqual([{ reported: 20, last: true }]);
    expect(new Set(reports.map((report) => report?.reported))).toEqual(new Set(ids.map((_, index) => index + 1)));
  });

  it('counts a member that stands in the group twice as one', async () => {
    const groups = present(openStore().groups);
    await groups.save(group('g', ['a', 'a', 'b']));
    expect(await groups.report('g', record('a'))).toEqual({ reported: 1, last: false });
    expect(await groups.report('g', record('b'))).toEqual({ reported: 2, last: true });
    expect(await groups.report('g', record('b'))).toEqual({ reported: 2, last: false });
  });

  it('changes nothing for a non-member, an unready record, an unknown, a deleted or an expired group', async () => {
    const clock = { now: 1_000 };
    const groups = present(openStore({ now: () => clock.now }).groups);
    await groups.save(group('g', ['a', 'b'], 2_000));
    expect(await groups.report('g', record('stranger'))).toEqual({ reported: 0, last: false });
    expect(await groups.report('g', record('a', 'STARTED'))).toEqual({ reported: 0, last: false });
    expect(await groups.report('unknown', record('a'))).toEqual({ reported: 0, last: false });
    expect(await groups.report('g', record('a'))).toEqual({ reported: 1, last: false });
    expect(await groups.report('g', record('stranger'))).toEqual({ reported: 1, last: false });
    expect(await groups.report('g', record('b', 'STARTED'))).toEqual({ reported: 1, last: false });
    clock.now = 2_000;
    expect(await groups.report('g', record('b'))).toEqual({ reported: 0, last: false });
    expect(await groups.load('g')).toBeUndefined();
    expect(await groups.delete('g')).toBe(false);
  });

  it('starts anew where the group is saved again', async () => {
    const groups = present(openStore().groups);
    await groups.save(group('g', ['a']));
    await groups.report('g', record('a'));
    await groups.save(group('g', ['a', 'b']));
    expect(await groups.report('g', record('a'))).toEqual({ reported: 1, last: false });
  });

  it('works for a group that Celery saved, and after Celery deleted and saved it again', async () => {
    const filename = temporaryFile();
    const groups = present(openStore({ filename }).groups);
    await groups.save(group('model', ['a', 'b']));
    const raw = openRaw(filename);
    // As Celery inserts: its own columns, once.
    const asCelery = (): unknown =>
      raw.exec(`INSERT INTO celery_tasksetmeta (taskset_id, result, date_done)
        SELECT 'g', result, date_done FROM celery_tasksetmeta WHERE taskset_id = 'model'`);
    asCelery();
    expect(await groups.report('g', record('a'))).toEqual({ reported: 1, last: false });
    expect(await groups.report('g', record('b'))).toEqual({ reported: 2, last: true });
    raw.exec("DELETE FROM celery_tasksetmeta WHERE taskset_id = 'g'");
    expect(raw.prepare('SELECT count(*) FROM rb_celery_tasksetmeta_members').pluck().get()).toBe(2);
    asCelery();
    expect(await groups.report('g', record('b'))).toEqual({ reported: 1, last: false });
  });
});
