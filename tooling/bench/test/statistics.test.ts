import { describe, expect, it } from 'vitest';
import { median, opsPerSecond, ratio } from '../src/statistics.ts';

describe('median', () => {
  it('is the sample in the middle, whatever their order', () => {
    expect(median([30, 10, 20])).toBe(20);
  });

  it('lies between the two in the middle where none is', () => {
    expect(median([4, 1, 30, 2])).toBe(3);
  });

  it('refuses to make up a number when there are no samples', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('ratio', () => {
  it('is the same while the whole machine slows down and speeds up', () => {
    const raw = [1000, 100, 400, 2000, 10];
    expect(ratio([800, 80, 320, 1600, 8], raw)).toBeCloseTo(0.8, 12);
  });

  it('does not count a round in which one of the two was disturbed', () => {
    expect(ratio([70, 70, 7, 70, 70], [100, 100, 100, 100, 5])).toBeCloseTo(0.7, 12);
  });

  it('is above 1 for a task that is faster than raw', () => {
    expect(ratio([300], [200])).toBe(1.5);
  });

  it('refuses rounds that were not measured side by side', () => {
    expect(() => ratio([1, 2], [1])).toThrow('2 and 1');
  });
});

describe('opsPerSecond', () => {
  it('counts every operation of a batch', () => {
    expect(opsPerSecond(2, 1)).toBe(500);
    expect(opsPerSecond(2, 300)).toBe(150_000);
  });
});
