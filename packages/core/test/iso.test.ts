import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIso, fractionalMs, parseIsoDateTime, splitMs } from '../src/iso.js';

const noon = Date.UTC(2024, 1, 29, 12, 34, 56);

describe('reading', () => {
  it.each([
    ['2024-02-29T12:34:56.789012', noon + 789, 12, null],
    ['2024-02-29T12:34:56.789012+00:00', noon + 789, 12, 0],
    ['2024-02-29 12:34:56.789012', noon + 789, 12, null],
    ['2024-02-29T12:34:56Z', noon, 0, 0],
    ['2024-02-29T21:34:56+09:00', noon, 0, 32_400],
    ['2024-02-29T21:34:56+0900', noon, 0, 32_400],
    ['2024-02-29T07:04:56-05:30', noon, 0, -19_800],
    ['2024-02-29T12:34:56,5', noon + 500, 0, null],
    ['2024-02-29T12:34:56.678', noon + 678, 0, null],
    ['2024-02-29T12:34:56.123456789', noon + 123, 456, null],
    ['2024-02-29T12:34', noon - 56_000, 0, null],
    ['2024-02-29', Date.UTC(2024, 1, 29), 0, null],
    ['1969-12-31T23:59:59.999999+00:00', -1, 999, 0],
    ['0001-01-01T00:00:00', -62_135_596_800_000, 0, null],
  ])('gives instant, microseconds and offset of %s', (text, epochMs, microseconds, offsetSeconds) => {
    expect(parseIsoDateTime(text)).toEqual({ epochMs, microseconds, offsetSeconds });
  });

  it.each([
    '',
    'yesterday',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-00-01',
    '2024-01-00',
    '0000-01-01',
    '2024-01-01T24:00:00',
    '2024-01-01T00:60:00',
    '2024-01-01T00:00:60',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00+00:60',
    ' 2024-01-01',
    '2024-01-01\n',
    '20240101',
  ])('refuses %j', (text) => {
    expect(() => parseIsoDateTime(text)).toThrow(TypeError);
  });

  it('gives the same for the form that Celery stores as for any other spelling of the instant', () => {
    const date = fc.date({
      min: new Date(-62_135_596_800_000),
      max: new Date(253_402_300_799_999),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.nat(999), (instant, micros) => {
        const usual = formatIso(instant.getTime(), micros, 0, true);
        expect(usual).toHaveLength(32);
        expect(parseIsoDateTime(usual)).toEqual(parseIsoDateTime(usual.replace('+00:00', 'Z')));
      }),
    );
  });

  it.each([
    '2024-02-30T12:34:56.789012+00:00',
    '2023-02-29T12:34:56.789012+00:00',
    '2024-04-31T12:34:56.789012+00:00',
    '2024-01-32T12:34:56.789012+00:00',
    '2024-01-00T12:34:56.789012+00:00',
    '2024-00-01T12:34:56.789012+00:00',
    '2024-13-01T12:34:56.789012+00:00',
    '2024-02-01T24:34:56.789012+00:00',
    '2024-02-01T12:60:56.789012+00:00',
    '2024-02-01T12:34:60.789012+00:00',
    '2024-02-01T12:34:5x.789012+00:00',
    '2024-02-01T12:34:56.78901-+00:00',
    '2024-02-01T12:34:56;789012+00:00',
  ])('refuses %j, which has the length of the usual form', (text) => {
    expect(() => parseIsoDateTime(text)).toThrow(TypeError);
  });

  it('does not repeat the text in its error', () => {
    expect(() => parseIsoDateTime('a secret')).toThrow(/^((?!secret).)*$/);
  });
});

describe('writing', () => {
  it('leaves out a fraction of zero, unless it is asked for always', () => {
    expect(formatIso(noon, 0, 0)).toBe('2024-02-29T12:34:56+00:00');
    expect(formatIso(noon, 0, 0, true)).toBe('2024-02-29T12:34:56.000000+00:00');
  });

  it('writes six digits otherwise, and no offset where there is none', () => {
    expect(formatIso(noon + 7, 8, null)).toBe('2024-02-29T12:34:56.007008');
  });

  it('writes offsets with seconds and microseconds, as Python may have them', () => {
    expect(formatIso(noon, 0, -19_800)).toBe('2024-02-29T07:04:56-05:30');
    expect(formatIso(noon, 0, 15)).toBe('2024-02-29T12:35:11+00:00:15');
    expect(formatIso(noon, 0, 15.5)).toMatch(/\+00:00:15\.500000$/);
  });

  it.each([Number.NaN, Date.UTC(10_000, 0, 1), Date.UTC(0, 0, 1) - 2e12 * 30, 9e15])(
    'refuses %d, which no Python date holds',
    (ms) => {
      expect(() => formatIso(ms, 0, 0)).toThrow(TypeError);
    },
  );

  it('counts the wall clock of the offset, not UTC, for the limits of the year', () => {
    const lastSecond = Date.UTC(9999, 11, 31, 23, 59, 59);
    expect(formatIso(lastSecond, 0, 0)).toBe('9999-12-31T23:59:59+00:00');
    expect(() => formatIso(lastSecond, 0, 3_600)).toThrow(TypeError);
  });
});

describe('round trips', () => {
  const instants = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9000, 0, 1) });
  const micros = fc.integer({ min: 0, max: 999 });
  const offsets = fc.option(fc.integer({ min: -86_399, max: 86_399 }));

  it('reads every date that it writes back to the same parts', () => {
    fc.assert(
      fc.property(instants, micros, offsets, fc.boolean(), (epochMs, microseconds, offsetSeconds, always) => {
        const text = formatIso(epochMs, microseconds, offsetSeconds, always);
        expect(parseIsoDateTime(text)).toEqual({ epochMs, microseconds, offsetSeconds });
      }),
    );
  });

  it('keeps microseconds in one number of milliseconds until the year 2200', () => {
    const range = { min: Date.UTC(1900, 0, 1), max: Date.UTC(2200, 0, 1) };
    fc.assert(
      fc.property(fc.integer(range), micros, (epochMs, microseconds) => {
        const ms = fractionalMs({ epochMs, microseconds, offsetSeconds: 0 });
        expect(splitMs(ms)).toEqual({ epochMs, microseconds });
      }),
    );
  });
});
