import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Deadline, Deadlines } from '../src/deadlines.js';
import { settle } from './stores.js';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('deadlines', () => {
  it('fire in order, never early, whatever the order in which they were added', async () => {
    const deadlines = new Deadlines();
    const fired: number[] = [];
    const early: number[] = [];
    const delays = [30, 5, 20, 5, 1, 12, 0];
    const begun = performance.now();
    for (const ms of delays) {
      deadlines.add(ms, {
        timeout: () => {
          fired.push(ms);
          if (performance.now() - begun < ms) early.push(ms);
        },
      });
    }
    await expect.poll(() => fired).toHaveLength(delays.length);
    expect(fired).toEqual([...delays].sort((a, b) => a - b));
    expect(early).toEqual([]);
  });

  it('share one timer, and leave none when all are removed', () => {
    const deadlines = new Deadlines();
    const before = timers();
    const all = Array.from({ length: 1_000 }, (_, i) => deadlines.add(1e6 - i, { timeout: () => {} }));
    expect(timers()).toBe(before + 1);
    for (const deadline of all) deadlines.remove(deadline);
    expect(timers()).toBe(before);
    for (const deadline of all) deadlines.remove(deadline);
  });

  it('beyond what a timer can count do not fire at once', async () => {
    const deadlines = new Deadlines();
    const far = vi.fn();
    const near = vi.fn();
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    const all = [2 ** 31, 2 ** 32, 1e15].map((ms) => deadlines.add(ms, { timeout: far }));
    deadlines.add(5, { timeout: near });
    await expect.poll(() => near).toHaveBeenCalledTimes(1);
    expect(far).not.toHaveBeenCalled();
    // With the far ones alone on the timer; Node warns of one that is too long, and fires it at once.
    await settle();
    process.off('warning', note);
    expect(warnings).toEqual([]);
    for (const deadline of all) deadlines.remove(deadline);
  });

  it('may add and remove others while they fire', async () => {
    const deadlines = new Deadlines();
    const late = vi.fn();
    const removed = vi.fn();
    const victim: Deadline = deadlines.add(1, { timeout: removed });
    deadlines.add(0, {
      timeout: () => {
        deadlines.remove(victim);
        deadlines.add(1, { timeout: late });
      },
    });
    await expect.poll(() => late).toHaveBeenCalledTimes(1);
    expect(removed).not.toHaveBeenCalled();
  });

  it('keep their order however many are removed in between', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      fc.assert(
        fc.property(
          fc.array(fc.record({ ms: fc.integer({ min: 0, max: 500 }), kept: fc.boolean() }), {
            minLength: 20,
            maxLength: 80,
          }),
          (plan) => {
            const deadlines = new Deadlines();
            const fired: number[] = [];
            const added = plan.map(({ ms }) => deadlines.add(ms, { timeout: () => fired.push(ms) }));
            plan.forEach(({ kept }, i) => {
              if (!kept) deadlines.remove(added[i] as Deadline);
            });
            vi.advanceTimersByTime(501);
            const expected = plan.filter(({ kept }) => kept).map(({ ms }) => ms);
            expect(fired).toEqual(expected.sort((a, b) => a - b));
          },
        ),
        { numRuns: 300 },
      );
    } finally {
      vi.useRealTimers();
    }
  });
});
