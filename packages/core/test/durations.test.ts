import { describe, expect, it } from 'vitest';
import { TimeDelta, toMs } from '../src/index.js';

describe('a duration', () => {
  it.each([
    [1, 1],
    [0.5, 0.5],
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['36h', 129_600_000],
    ['1d12h', 129_600_000],
    ['2w', 1_209_600_000],
    ['1.5h', 5_400_000],
    [new TimeDelta(0, 2, 500_000), 2_500],
    [{ totalMs: 7 }, 7],
    [{ total: (unit: string) => (unit === 'milliseconds' ? 9 : 0) }, 9],
  ])('may be written as %s', (duration, ms) => {
    expect(toMs(duration)).toBe(ms);
  });

  it.each([
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '5',
    'h',
    '1 h',
    '1d ',
    '-1h',
    '1h-',
    '1x',
    '1e3s',
    'tomorrow',
    '.5h',
    {},
    [],
    null,
    true,
    { totalMs: '5' },
    { total: () => -1 },
    new TimeDelta(-1),
  ])('is not %s', (duration) => {
    expect(() => toMs(duration as number)).toThrow(TypeError);
    expect(() => toMs(duration as number)).toThrow('expected a positive duration');
  });
});
