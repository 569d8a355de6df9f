import { parseIsoDateTime } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { dateMs, dateText, microsMs } from '../src/dates.js';

const utc = (text: string): number => parseIsoDateTime(text).epochMs;

describe('dateMs', () => {
  it('reads back what dateText writes, microseconds included', () => {
    // Every 13 days and a bit from the year 1 to 2200, up to where a double holds microseconds.
    for (let ms = -62_135_596_800_000; ms < 7_258_118_400_000; ms += 1_127_654_321.007) {
      const text = dateText(ms);
      expect(dateText(dateMs(text))).toBe(text);
      expect(Math.floor(dateMs(text))).toBe(utc(text));
    }
  });

  it('reads days in any order, each as it is', () => {
    const days = ['2026-11-30', '2026-12-01', '2026-11-30', '2024-02-29', '2026-12-01'];
    expect(days.map((day) => dateMs(`${day} 00:00:01.000500`))).toEqual(days.map((day) => utc(day) + 1_000.5));
  });

  it.each([
    ['the last day of February in a leap year', '2024-02-29 23:59:59.999999', 1_709_251_199_999.999],
    ['the year 99', '0099-01-01 00:00:00.000000', utc('0099-01-01')],
    ['a T', '2026-11-22T17:03:59.460545', utc('2026-11-22T17:03:59.460') + 0.545],
    ['an offset', '2026-11-22 17:03:59+01:00', utc('2026-11-22T16:03:59')],
    ['no fraction', '2026-11-22 17:03:59', utc('2026-11-22T17:03:59')],
  ])('reads %s', (_what, text, ms) => {
    expect(dateMs(text)).toBe(ms);
  });

  it.each([
    '2026-02-29 00:00:00.000000',
    '2026-13-01 00:00:00.000000',
    '2026-00-01 00:00:00.000000',
    '2026-01-00 00:00:00.000000',
    '2026-01-01 24:00:00.000000',
    '2026-01-01 00:60:00.000000',
    '2026-01-01 00:00:60.000000',
    '2026-01-01 00:00:00.00000x',
    '2026-01-01 00:00:00,00000-',
    '0000-01-01 00:00:00.000000',
    '',
  ])('refuses what is no date: %s', (text) => {
    expect(() => dateMs(text)).toThrow(TypeError);
  });
});

describe('microsMs', () => {
  it('reads what dateMs reads of the same instant as text', () => {
    for (let ms = 0; ms < 2_147_483_648_000; ms += 1_127_654_321.007) {
      const read = dateMs(dateText(ms));
      expect(dateText(microsMs(Math.round(read * 1_000)))).toBe(dateText(read));
    }
  });

  it.each([2 ** 63, -(2 ** 63), 253_402_300_800_000_000, -62_135_596_800_001_000, Number.NaN])(
    'refuses what is in no year from 1 to 9999: %s',
    (micros) => {
      expect(() => microsMs(micros)).toThrow(TypeError);
    },
  );
});
