import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { abortable, onAbort, sleep } from '../src/abort.js';

describe('onAbort', () => {
  it('calls every listener once, and not one that was taken back', () => {
    const controller = new AbortController();
    const [kept, gone, also] = [vi.fn(), vi.fn(), vi.fn()];
    onAbort(controller.signal, kept);
    onAbort(controller.signal, gone)();
    onAbort(controller.signal, also);
    controller.abort();
    expect([kept, gone, also].map(({ mock }) => mock.calls.length)).toEqual([1, 0, 1]);
  });

  it('keeps one listener on the signal for any number of its own, and none after the last', () => {
    const { signal } = new AbortController();
    const releases = Array.from({ length: 1_000 }, () => onAbort(signal, () => {}));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const release of releases) release();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    onAbort(signal, () => {});
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });

  it('allows listeners to be taken back twice, and while they are being called', () => {
    const controller = new AbortController();
    const releases: (() => void)[] = [];
    const calls: number[] = [];
    for (const i of [0, 1, 2]) {
      releases.push(
        onAbort(controller.signal, () => {
          calls.push(i);
          for (const release of releases) release();
        }),
      );
    }
    controller.abort();
    for (const release of releases) release();
    expect(calls).toEqual([0]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

describe('sleep', () => {
  it('ends with RB_ABORTED when the signal aborts, or has aborted before, and leaves nothing behind', async () => {
    const controller = new AbortController();
    const asleep = sleep(1e6, controller.signal, 'waking up');
    controller.abort('enough');
    await expect(asleep).rejects.toMatchObject({
      code: 'RB_ABORTED',
      message: 'waking up was aborted',
      cause: 'enough',
    });
    await expect(sleep(1e6, controller.signal, 'waking up')).rejects.toMatchObject({ code: 'RB_ABORTED' });
    const { signal } = new AbortController();
    await sleep(1, signal, 'waking up');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('abortable', () => {
  const never = new Promise<never>(() => {});

  it('settles as the work does, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal, 'the work')).toBe(1);
    await expect(abortable(Promise.reject(new Error('failed')), signal, 'the work')).rejects.toThrow('failed');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(await abortable(Promise.resolve(2), undefined, 'the work')).toBe(2);
  });

  it('rejects as soon as the signal aborts, and where it is aborted already', async () => {
    const controller = new AbortController();
    const working = abortable(never, controller.signal, 'the work');
    controller.abort('enough');
    const aborted = { code: 'RB_ABORTED', message: 'the work was aborted', cause: 'enough' };
    await expect(working).rejects.toMatchObject(aborted);
    await expect(abortable(never, controller.signal, 'the work')).rejects.toMatchObject(aborted);
  });
});
