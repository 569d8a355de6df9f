import { describe, expect, it } from 'vitest';
import { DateTime, PlainDate, PlainTime, TimeDelta } from '../src/index.js';

const noon = Date.UTC(2024, 1, 29, 12, 34, 56);

describe('DateTime', () => {
  it('is a Date of the same instant', () => {
    const date = new DateTime(noon, { microseconds: 12, offsetSeconds: 19_800 });
    expect(date).toBeInstanceOf(Date);
    expect(date.getTime()).toBe(noon);
  });

  it('is read as a plain Date where that loses nothing', () => {
    expect(DateTime.fromIso('2024-02-29T12:34:56+00:00')).toStrictEqual(new Date(noon));
    expect(DateTime.fromIso('2024-02-29T12:34:56')).toBeInstanceOf(DateTime);
    expect(DateTime.fromIso('2024-02-29T12:34:56.000001Z')).toBeInstanceOf(DateTime);
  });

  it.each([
    '2024-02-29T12:34:56.789012',
    '2024-02-29T12:34:56',
    '2024-02-29T12:34:56+05:30',
    '2024-02-29T12:34:56.000001-11:00',
  ])('writes %s as it was read', (iso) => {
    expect((DateTime.fromIso(iso) as DateTime).toIsoFormat()).toBe(iso);
  });

  it('is aware and in UTC unless told otherwise', () => {
    expect(new DateTime(noon).toIsoFormat()).toBe('2024-02-29T12:34:56+00:00');
    expect(new DateTime(noon, { offsetSeconds: null }).toIsoFormat()).toBe('2024-02-29T12:34:56');
  });

  it('keeps the name of a zone beside the offset', () => {
    expect(new DateTime(noon, { offsetSeconds: 3_600, zone: 'Europe/Berlin' }).zone).toBe('Europe/Berlin');
  });

  it.each([
    { microseconds: 1_000 },
    { microseconds: -1 },
    { microseconds: 0.5 },
    { offsetSeconds: 86_400 },
    { offsetSeconds: Number.NaN },
  ])('refuses %j', (options) => {
    expect(() => new DateTime(noon, options)).toThrow(TypeError);
  });
});

describe('PlainDate and PlainTime', () => {
  it.each(['2024-02-29', '0001-01-01', '9999-12-31'])('hold the date %s', (iso) => {
    expect(String(new PlainDate(iso))).toBe(iso);
  });

  it.each(['2023-02-29', '0000-01-01', '2024-1-1', '2024-02-29T00:00:00', ''])('refuse %j as a date', (iso) => {
    expect(() => new PlainDate(iso)).toThrow(TypeError);
  });

  it.each(['00:00:00', '23:59:59.999999', '12:34:56+02:00', '12:34:56.000789-00:00:01'])('hold the time %s', (iso) => {
    expect(String(new PlainTime(iso))).toBe(iso);
  });

  it.each(['24:00:00', '12:60:00', '12:34', '12:34:56.789', ''])('refuse %j as a time', (iso) => {
    expect(() => new PlainTime(iso)).toThrow(TypeError);
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(new PlainDate('2024-02-29'))).toBe(true);
    expect(Object.isFrozen(new PlainTime('12:34:56'))).toBe(true);
  });
});

describe('TimeDelta', () => {
  it('counts milliseconds with their fraction', () => {
    expect(new TimeDelta(-1, 86_399, 500).totalMs).toBe(-1_000 + 0.5);
  });

  it.each([
    [0.5, 0, 0],
    [0, -1, 0],
    [0, 86_400, 0],
    [0, 0, 1_000_000],
    [1_000_000_000, 0, 0],
  ])('refuses %d days, %d seconds and %d microseconds', (days, seconds, microseconds) => {
    expect(() => new TimeDelta(days, seconds, microseconds)).toThrow(TypeError);
  });
});
