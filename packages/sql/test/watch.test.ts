import { describe, expect, it } from 'vitest';
import { pollingWatch } from '../src/watch.js';
import { record } from './support.js';

describe('polling', () => {
  it('is one chain, whoever leaves and comes back while a question is under way', async () => {
    let [asked, underWay, most] = [0, 0, 0];
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const watch = pollingWatch(
      {
        async changed() {
          asked++;
          most = Math.max(most, ++underWay);
          await answered;
          // Long enough that a second chain would ask meanwhile.
          await new Promise((resolve) => setImmediate(resolve));
          underWay--;
          return false;
        },
        versions: async () => ({ byId: new Map() }),
        get: async (taskIds) => taskIds.map(() => undefined),
      },
      { pollMs: 1, onBackgroundError: () => undefined },
    );
    const handler = { record: () => undefined, gap: () => undefined };
    let subscription = watch.subscribe(handler);
    await subscription.add(['a']);
    await expect.poll(() => asked).toBe(1);
    for (let round = 0; round < 2; round++) {
      subscription.remove(['a']);
      await subscription.add(['a']);
      await subscription.close();
      subscription = watch.subscribe(handler);
      await Promise.all([subscription.add(['a']), subscription.add(['b'])]);
    }
    answer();
    await expect.poll(() => asked).toBeGreaterThan(20);
    watch.close();
    expect(most).toBe(1);
  });

  it.each([
    ['', 0],
    [', and though the connection is lost after it', 1],
  ])('tells one write once, though it falls between the look at the versions and the reading%s', async (_, losses) => {
    const told: unknown[] = [];
    let [version, reads, left] = [1, 0, losses];
    const watch = pollingWatch(
      {
        changed: async () => true,
        async versions(taskIds) {
          if (reads === 1 && left-- > 0) throw new Error('lost');
          return { byId: new Map(taskIds.map((id) => [id, String(version)])) };
        },
        async get(taskIds) {
          // Somebody writes before the first reading, which finds what is stored by then.
          if (reads++ === 0) version++;
          return taskIds.map((id) => record(id, 'PROGRESS', { result: version }));
        },
      },
      { pollMs: 1, onBackgroundError: () => undefined },
    );
    const subscription = watch.subscribe({ record: (outcome) => told.push(outcome), gap: () => undefined });
    await subscription.add(['a']);
    version++;
    await expect.poll(() => reads).toBe(2);
    version++;
    await expect.poll(() => told.length).toBeGreaterThan(1);
    watch.close();
    expect(told).toMatchObject([{ result: 3 }, { result: 4 }]);
  });
});
