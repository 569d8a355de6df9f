import type { TaskRecord } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { mysqlStore } from '../src/mysql/index.js';
import { postgresStore } from '../src/postgres/index.js';
import { datesIn } from '../src/zones.js';
import { openRaw, openStore, present, record, temporaryFile } from './support.js';

const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

describe('datesIn', () => {
  it.each([
    ['UTC', '2026-11-22 17:03:59', '2026-11-22 17:03:59.000000'],
    ['Asia/Tokyo', '2026-11-22 17:03:59', '2026-11-23 02:03:59.000000'],
    ['America/New_York', '2026-11-22 17:03:59', '2026-11-22 12:03:59.000000'],
    ['America/New_York', '2026-07-22 17:03:59', '2026-07-22 13:03:59.000000'],
    ['Asia/Kathmandu', '2026-11-22 17:03:59', '2026-11-22 22:48:59.000000'],
    ['Australia/Lord_Howe', '2026-11-22 17:03:59', '2026-11-23 04:03:59.000000'],
    // Before there were zones: 4:56:02 behind.
    ['America/New_York', '1883-01-01 12:00:00', '1883-01-01 07:03:58.000000'],
  ])('writes in %s what is %s in UTC as %s, and reads it back', (zone, instant, wall) => {
    const { text, ms } = datesIn(zone);
    expect(text(utc(instant))).toBe(wall);
    expect(ms(wall)).toBe(utc(instant));
    expect(ms(wall.slice(0, 19))).toBe(utc(instant));
  });

  it('reads back what it wrote, microseconds included, but for the hour that comes twice', () => {
    for (const zone of ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe']) {
      const { text, ms } = datesIn(zone);
      const twice: number[] = [];
      for (let instant = utc('2026-01-01 00:00:00') + 0.007; instant < utc('2027-01-01 00:00:00'); instant += 1_800_000)
        if (ms(text(instant)) !== instant) twice.push(instant);
      // Half-hours of the second hour; Lord Howe turns its clock back by half of one.
      expect([zone, twice.length]).toEqual([zone, zone === 'Australia/Lord_Howe' ? 1 : 2]);
    }
  });

  // As datetime(...).replace(tzinfo=ZoneInfo('America/New_York')).astimezone(timezone.utc) of Python says.
  it.each([
    ['the first of the two', '2026-11-01 01:30:00.000000', '2026-11-01 05:30:00'],
    ['the hour after them', '2026-11-01 02:00:00.000000', '2026-11-01 07:00:00'],
    ['a time that is skipped, as if it came after the change', '2026-03-08 02:30:00.000000', '2026-03-08 07:30:00'],
    ['the hour before it', '2026-03-08 01:59:59.000000', '2026-03-08 06:59:59'],
    ['the hour after it', '2026-03-08 03:00:00.000000', '2026-03-08 07:00:00'],
  ])('reads %s', (_what, wall, instant) => {
    expect(datesIn('America/New_York').ms(wall)).toBe(utc(instant));
  });

  it('takes a date with an offset at its word', () => {
    expect(datesIn('Asia/Tokyo').ms('2026-11-22T17:03:59.460545+01:00')).toBe(utc('2026-11-22 16:03:59.460') + 0.545);
    // As long as a naive one.
    expect(datesIn('Asia/Tokyo').ms('2026-11-22T17:03:59+01:00')).toBe(utc('2026-11-22 16:03:59'));
    expect(datesIn('Asia/Tokyo').ms('2026-11-22T17:03:59.46054Z')).toBe(utc('2026-11-22 17:03:59.460') + 0.54);
  });

  it.each(['Mars/Olympus', '', 'Tokyo'])('refuses a zone that there is not: %s', (zone) => {
    expect(() => datesIn(zone)).toThrow(TypeError);
  });

  it('refuses what is no date', () => {
    expect(() => datesIn('Asia/Tokyo').ms('yesterday')).toThrow(TypeError);
  });
});

describe('timeZone', () => {
  it('is refused by every store where there is no such zone', () => {
    const timeZone = 'Mars/Olympus';
    expect(() => openStore({ timeZone })).toThrow(TypeError);
    expect(() => postgresStore({ url: 'postgresql://localhost/d', timeZone })).toThrow(TypeError);
    expect(() => mysqlStore({ url: 'mysql://localhost/d', timeZone })).toThrow(TypeError);
  });

  it('holds for the dates of groups too, by which Celery cleans up', async () => {
    const filename = temporaryFile();
    const now = (): number => utc('2026-11-22 17:03:59');
    const groups = present(openStore({ filename, timeZone: 'Asia/Tokyo', now }).groups);
    await groups.save({ groupId: 'g', members: [], parent: null, expiresAt: null });
    const saved = openRaw(filename).prepare('SELECT date_done FROM celery_tasksetmeta').pluck().get();
    expect(saved).toBe('2026-11-23 02:03:59.000000');
  });

  it('takes nothing from a verbatim record of another zone but its meaning', async () => {
    const [tokyo, utcStore] = [openStore({ timeZone: 'Asia/Tokyo' }), openStore()];
    const doneAt = utc('2026-11-22 17:03:59.460');
    await tokyo.put([record('a', 'SUCCESS', { doneAt })]);
    const moved = (await tokyo.get(['a'], { verbatim: true })) as TaskRecord[];
    await utcStore.put(moved);
    expect(await utcStore.get(['a'])).toMatchObject([{ doneAt }]);
    await tokyo.delete(['a']);
    await tokyo.put(moved);
    expect(await tokyo.get(['a'], { verbatim: true })).toEqual(moved);
  });
});
