import { setTimeout as sleep } from 'node:timers/promises';
import { isReady, type ResultStore, type TaskRecord } from '@rb/core';
import type { Handle, World } from './harness.js';
import { inStep } from './in-step.js';
import { usedBytes } from './memory-use.js';

/** What a second process does: prepared first, and run when the first process says so. Arguments and results are JSON. */
type Job<A, R> = (world: World, args: A) => Promise<() => Promise<R>>;

interface Jobs {
  /** Puts a SUCCESS for each id, all processes that do so at the same times; which of them were applied. */
  readonly race: Job<{ readonly taskIds: readonly string[]; readonly result: string }, readonly boolean[]>;
  /** Opens a store, watches, puts, reads and closes; whether it read what it put, and how many connections are left. */
  readonly life: Job<{ readonly taskId: string }, { readonly found: boolean; readonly connectionsLeft: number }>;
  /** Watches one id until it is ready; how much more memory is in use then. */
  readonly retention: Job<{ readonly until: string }, { readonly retainedBytes: number }>;
}

export type JobName = keyof Jobs;
export type JobArgs<N extends JobName> = Parameters<Jobs[N]>[1];
export type JobResult<N extends JobName> = Awaited<ReturnType<Awaited<ReturnType<Jobs[N]>>>>;

const race: Jobs['race'] = async (world, { taskIds, result }) => {
  const handle = await open(world);
  // Connected now, not in the middle of the race.
  await handle.store.get(taskIds);
  return async () => {
    const applied = await inStep(taskIds, async (taskId) => {
      const [outcome] = await handle.store.put([recordOf(taskId, result)]);
      return outcome !== undefined && 'applied' in outcome && outcome.applied;
    });
    await end(handle);
    return applied;
  };
};

const life: Jobs['life'] = async (world, { taskId }) => {
  return async () => {
    const handle = await open(world);
    const { store, link } = handle;
    await store.notify?.subscribe(NOBODY).add([taskId]);
    const routes = new Map(store.routing && [[taskId, await store.routing.route(taskId)]]);
    await store.put([recordOf(taskId, 'of the second process')], { routes });
    const found = await becomes(() => reads(store, taskId));
    await store.close();
    // The link's own end would hide a connection that the store forgot.
    await becomes(() => !link || link.connections() === 0);
    const connectionsLeft = link?.connections() ?? 0;
    await handle.dispose?.();
    return { found, connectionsLeft };
  };
};

const retention: Jobs['retention'] = async (world, { until }) => {
  const handle = await open(world);
  const { store } = handle;
  await store.notify?.subscribe(NOBODY).add([until]);
  await store.get([until]);
  const before = await usedBytes();
  return async () => {
    while (!(await reads(store, until))) await sleep(LOOK_MS);
    // What is on its way to a subscription arrives.
    await sleep(LOOK_MS);
    const retainedBytes = (await usedBytes()) - before;
    await end(handle);
    return { retainedBytes };
  };
};

export const JOBS: Jobs = { race, life, retention };

const LOOK_MS = 20;
/** A second: what is to happen has been asked for already. */
const LOOKS = 50;

async function becomes(probe: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < LOOKS; i += 1) {
    if (await probe()) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

const NOBODY = { record: () => {}, gap: () => {} };

async function open(world: World): Promise<Handle> {
  const handle = await world.open();
  if (!handle) throw new Error('open() gave null; the default handle must be had');
  return handle;
}

async function end(handle: Handle): Promise<void> {
  await handle.store.close();
  await handle.dispose?.();
}

async function reads(store: ResultStore, taskId: string): Promise<boolean> {
  const [outcome] = await store.get([taskId]);
  return outcome !== undefined && 'state' in outcome && isReady(outcome.state);
}

const recordOf = (taskId: string, result: unknown): TaskRecord => ({
  taskId,
  state: 'SUCCESS',
  result,
  traceback: null,
  doneAt: Date.now(),
  meta: {},
  expiresAt: null,
});
