import { setTimeout as sleep } from 'node:timers/promises';
import { isResultError, type ResultError } from '@rb/core';
import type { ClauseContext, OpenStore } from '../context.js';
import { show, Violation } from '../evidence.js';

export type Settled<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: ResultError };

/** How a call ends under a fault. Fails the clause where it does not end in time, or with a foreign error. */
export async function settled<T>(what: string, call: Promise<T>, withinMs: number): Promise<Settled<T>> {
  const ended = call.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (isResultError(error)) return { error };
      throw new Violation(`${what} rejected with a foreign ${show(error)}`);
    },
  );
  const limit = new AbortController();
  const late = sleep(withinMs, undefined, { signal: limit.signal }).then(
    () => Promise.reject(new Violation(`${what} did not settle within ${withinMs} ms`)),
    () => Promise.reject(new Violation('never seen')),
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    limit.abort();
  }
}

/** Undefined where the call failed with an error that may pass; other errors fail the clause. */
export async function attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isResultError(error) && error.retryable) return undefined;
    throw error;
  }
}

/** Waits until a handle reads and writes again, by calling it as an application does. */
export async function recovered(t: ClauseContext, of: OpenStore): Promise<void> {
  await t.eventually(
    `handle ${of.name} reads again after its connection was lost`,
    () =>
      attempt(async () => {
        await of.store.routing?.route(t.id());
        return of.store.get([t.id()]);
      }),
    t.recoveryMs,
  );
  await t.eventually(
    `handle ${of.name} writes again after its connection was lost`,
    () => attempt(() => t.putOne(of, { state: 'STARTED' })),
    t.recoveryMs,
  );
}

/** What a handle reads once it can read at all. */
export async function readWhenBack(t: ClauseContext, of: OpenStore, taskId: string): Promise<unknown> {
  const found = await t.eventually(
    `handle ${of.name} reads again after its connection was lost`,
    () => attempt(async () => ({ result: (await t.read(of, taskId))?.result })),
    t.recoveryMs,
  );
  return found.result;
}
