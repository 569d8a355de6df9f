import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type BenchTask, measure } from '../src/measure.ts';
import { compare, format, report, write } from '../src/report.ts';

const ROUNDS = { count: 3, timeMs: 1 };

/** Rounds of a task that does one operation a run, and sometimes takes twice as long. */
const rounds = (speeds: readonly number[]) =>
  speeds.map((opsPerSecond) => ({ opsPerSecond, p50Ms: 1000 / opsPerSecond, p99Ms: 2000 / opsPerSecond }));

it('runs all tasks once to warm up, then in rounds of alternating order', async () => {
  const order: string[] = [];
  const task = (name: string) => ({ name, run: () => order.at(-1) !== name && order.push(name) });
  const measured = await measure([task('a'), task('b')], ROUNDS);
  // Warm-up ab, then ab, ba, ab, where neighbouring runs of the same task are noted once.
  expect(order.join('')).toBe('ababab');
  expect([...measured.values()].map((each) => each.length)).toEqual([3, 3]);
});

it('compares each task with raw round by round', () => {
  const single: BenchTask = { name: 'single', run: () => {} };
  const batch: BenchTask = { name: 'batch', opsPerIteration: 500, run: () => {} };
  const tasks = new Map([
    [single, rounds([10, 20, 30])],
    [batch, rounds([5, 10, 15])],
  ]);
  expect(compare(tasks, single)).toMatchObject([
    { task: 'single', opsPerIteration: 1, opsPerSecond: 20, p50Ms: 50, ratio: 1 },
    { task: 'batch', opsPerIteration: 500, opsPerSecond: 10, p50Ms: 100, p99Ms: 200, ratio: 0.5 },
  ]);
});

it('runs `before` before every run, and no two runs at once', async () => {
  const events: string[] = [];
  const task: BenchTask = {
    name: 'put',
    before: () => {
      events.push('before');
    },
    // Not an async function, as `() => store.put(records)` is not.
    run: () => {
      events.push('start');
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => events.push('end'));
    },
  };
  await measure([task], ROUNDS);
  expect(events.join(' ')).toMatch(/^(before start end ?)+$/);
});

it('gives no ratio where nothing raw was measured', () => {
  const tasks = new Map([[{ name: 'alone', run: () => {} }, rounds([1])]]);
  expect(compare(tasks, undefined)).toMatchObject([{ ratio: null }]);
});

it('rejects with the error of a task that throws', async () => {
  const broken = {
    name: 'broken',
    run: () => {
      throw new Error('no such table');
    },
  };
  await expect(measure([broken], ROUNDS)).rejects.toThrow('no such table');
});

it('writes what it prints as JSON, with the machine and the date', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rb-bench-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const tasks = new Map([[{ name: 'put', run: () => {} }, rounds([2000])]]);
  const written = report('a name / with signs', ROUNDS, compare(tasks, undefined));
  expect(format(written).join('\n')).toMatch(/put +1 +2,000 +500 µs +1.00 ms/);
  const file = write(directory, written);
  expect(file).toBe(join(directory, 'a-name-with-signs.json'));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(written);
  expect(written).toMatchObject({ node: process.version, machine: { cores: expect.any(Number) } });
});
