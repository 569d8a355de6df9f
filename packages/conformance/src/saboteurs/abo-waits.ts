import { setTimeout as sleep } from 'node:timers/promises';
import { isResultError, ResultError } from '@rb/core';
import { backendWith, endOf, waiting, withBackend } from './backend-with.js';
import type { Saboteur } from './saboteur.js';

/** Waits that end by time or by their signal. */
export const ABO_WAIT_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'times-out-early',
    violates: 'ABO-7',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        wait: (taskId, options = {}) =>
          backend.wait(taskId, {
            ...options,
            ...(options.timeoutMs ? { timeoutMs: Math.min(options.timeoutMs, 20) } : {}),
          }),
      }),
    exposes: (_world, harness) =>
      withBackend(harness, async (backend) => {
        const started = performance.now();
        await endOf(backend.wait('nobody', { timeoutMs: 60 }));
        return performance.now() - started > 50;
      }),
  },
  {
    name: 'a-timeout-is-any-error',
    violates: 'ABO-7',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        wait: (taskId, options) =>
          backend.wait(taskId, options).catch((error: ResultError) => {
            throw error.code === 'RB_TIMEOUT' && options?.timeoutMs
              ? new ResultError('RB_UNAVAILABLE', error.message)
              : error;
          }),
      }),
    exposes: (_world, harness) => withBackend(harness, (backend) => endOf(backend.wait('nobody', { timeoutMs: 5 }))),
  },
  {
    name: 'zero-means-for-ever',
    violates: 'ABO-8',
    on: 'memory',
    seen: 'if (timeout) ...',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        wait: (taskId, { timeoutMs, ...options } = {}) =>
          backend.wait(taskId, timeoutMs ? { ...options, timeoutMs } : options),
      }),
    exposes: (_world, harness) =>
      withBackend(harness, (backend) =>
        Promise.race([
          endOf(backend.wait('nobody', { timeoutMs: 0 })),
          new Promise((resolve) => setTimeout(resolve, 50, 'waits')),
        ]),
      ),
  },
  {
    name: 'long-timeouts-fire-at-once',
    violates: 'ABO-8',
    on: 'memory',
    seen: 'setTimeout takes 31 bits',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        wait: (taskId, options = {}) =>
          backend.wait(taskId, (options.timeoutMs ?? 0) >= 2 ** 31 ? { ...options, timeoutMs: 1 } : options),
      }),
    exposes: (_world, harness) =>
      withBackend(harness, (backend) =>
        Promise.race([
          endOf(backend.wait('nobody', { timeoutMs: 2 ** 31 })),
          new Promise((resolve) => setTimeout(resolve, 50, 'waits')),
        ]),
      ),
  },
  {
    name: 'a-timeout-is-pending',
    violates: 'ABO-7',
    on: 'memory',
    seen: 'a race with a timer that resolves',
    sabotageBackend: (backend) =>
      waiting(backend, (taskId, options) =>
        backend.wait(taskId, options).catch((error: unknown) => {
          if (isResultError(error) && error.code === 'RB_TIMEOUT' && options?.timeoutMs) return backend.get(taskId);
          throw error;
        }),
      ),
    exposes: (_world, harness) => withBackend(harness, (backend) => endOf(backend.wait('nobody', { timeoutMs: 5 }))),
  },
  {
    name: 'wait-ignores-the-signal',
    violates: 'ABO-9',
    on: 'memory',
    sabotageBackend: (backend) =>
      waiting(backend, (taskId, options) =>
        backend.wait(taskId, options?.signal?.aborted ? options : { ...options, signal: undefined }),
      ),
    exposes: (_world, harness) =>
      withBackend(harness, async (backend) => {
        const owner = new AbortController();
        const end = endOf(backend.wait('nobody', { signal: owner.signal }));
        await sleep(10);
        owner.abort();
        return end;
      }),
  },
  {
    name: 'an-aborted-wait-has-no-reason',
    violates: 'ABO-9',
    on: 'memory',
    sabotageBackend: (backend) =>
      waiting(backend, (taskId, options) =>
        backend.wait(taskId, options).catch((error: unknown) => {
          const isAborted = isResultError(error) && error.code === 'RB_ABORTED';
          throw isAborted ? new ResultError('RB_ABORTED', error.message) : error;
        }),
      ),
    exposes: (_world, harness) =>
      withBackend(harness, (backend) =>
        backend.wait('nobody', { signal: AbortSignal.abort('a reason') }).catch(({ cause }: Error) => cause),
      ),
  },
];
