import { describe, expect, it } from 'vitest';
import { Decimal, Float, json, jsonSerializer } from '../src/index.js';
import { failure } from './failure.js';

/** A value of so many arrays inside each other. */
const nested = (depth: number, core: unknown = 1): unknown => {
  let value = core;
  for (let i = 0; i < depth; i += 1) value = [value];
  return value;
};

/** The most memory that this process ever took. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1_024;

describe('depth', () => {
  it.each([
    [json, 1_000],
    [jsonSerializer({ maxDepth: 3 }), 3],
  ])('is allowed up to the limit and refused beyond it, both ways', (serializer, limit) => {
    for (const core of [1, Number.NaN, new Float(1)]) {
      expect(serializer.decode(serializer.encode(nested(limit, core)))).toEqual(
        nested(limit, core instanceof Float ? 1 : core),
      );
      expect(failure(() => serializer.encode(nested(limit + 1, core)))).toMatchObject({ code: 'RB_ENCODE' });
    }
    for (const core of ['1', 'NaN']) {
      const text = '['.repeat(limit + 1) + core + ']'.repeat(limit + 1);
      expect(failure(() => serializer.decode(text))).toMatchObject({
        code: 'RB_DECODE',
        message: expect.stringContaining(`${limit} deep`),
      });
    }
  });

  it('counts a typed value as the object that it is in the text', () => {
    expect(json.decode(json.encode(nested(999, new Decimal('1'))))).toEqual(nested(999, new Decimal('1')));
    expect(failure(() => json.encode(nested(1_000, new Decimal('1')))).code).toBe('RB_ENCODE');
  });

  it('is refused for 10,000 levels, in objects as in arrays, closed or not', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      expect(failure(() => json.decode(`${open.repeat(10_000)}1${close.repeat(10_000)}`)).message).toContain(
        '1000 deep',
      );
      expect(failure(() => json.decode(open.repeat(10_000))).message).toContain('1000 deep');
    }
    expect(failure(() => json.encode(nested(10_000))).message).toContain('1000 deep');
  });

  it('is refused for 200 MB of brackets without reading them all', () => {
    const before = peakBytes();
    expect(failure(() => json.decode('['.repeat(200_000_000))).message).toContain('1000 deep');
    // The text itself, flattened, and some room; JSON.parse would take several GB.
    expect(peakBytes() - before).toBeLessThan(600_000_000);
  });

  it('beyond what the stack holds is a ResultError too', () => {
    const boundless = jsonSerializer({ maxDepth: Number.MAX_SAFE_INTEGER });
    expect(failure(() => boundless.encode(nested(1_000_000))).code).toBe('RB_ENCODE');
    expect(failure(() => boundless.decode('['.repeat(1_000_000))).code).toBe('RB_DECODE');
  });
});

describe('large documents', () => {
  it('read the same when they have too many containers for the fast path', () => {
    const rows = Array.from({ length: 201_000 }, (_, i) => [i]);
    expect(json.decode(json.encode(rows))).toEqual(rows);
  });
});

it.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d as the limit', (maxDepth) => {
  expect(() => jsonSerializer({ maxDepth })).toThrow(TypeError);
});
