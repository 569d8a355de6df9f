import {
  createResultBackend,
  type GroupMembers,
  isResultError,
  type ResultBackend,
  type ResultBackendOptions,
  type ResultGroup,
  type ResultStore,
} from '@rb/core';
import type { Harness, World } from '../harness.js';
import { storeOf } from './probe.js';

/** The same object with other methods. Its own calls among each other stay as they are. */
function withMethods<T extends object>(original: T, changed: Partial<T>): T {
  return new Proxy(original, {
    get(target, key) {
      if (Object.hasOwn(changed, key)) return Reflect.get(changed, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export const backendWith = (backend: ResultBackend, changed: Partial<ResultBackend>): ResultBackend =>
  withMethods(backend, changed);

export type Wait = ResultBackend['wait'];

/** The same backend with another wait. */
export const waiting = (backend: ResultBackend, wait: Wait): ResultBackend => backendWith(backend, { wait });

/** The same backend whose groups have other methods. */
export const withGroups = (
  backend: ResultBackend,
  change: (group: ResultGroup, members: GroupMembers | undefined) => Partial<ResultGroup>,
): ResultBackend =>
  backendWith(backend, {
    group(groupId, members) {
      const group = backend.group(groupId, members);
      return withMethods(group, change(group, members));
    },
  });

/** For `exposes`: the backend of a harness, as its user makes it. */
export const backendOver = (
  store: ResultStore,
  { backend = createResultBackend }: Harness,
  options: ResultBackendOptions = {},
): ResultBackend => backend(store, { retry: false, pollMs: 20, ...options });

export const backendOf = async (world: World, harness: Harness): Promise<ResultBackend> =>
  backendOver(await storeOf(world), harness);

/** For `exposes`: how a call ends, in a word; `hangs` where it does not within half a second. */
export async function endOf(call: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('hangs'), 500);
  });
  const end = call.then(
    (value) => value ?? 'resolves',
    (error: unknown) => (isResultError(error) ? error.code : (error as Error).name),
  );
  try {
    return await Promise.race([end, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** For `exposes`: the harness' own backend over a world of its own. */
export async function withBackend<T>(harness: Harness, use: (backend: ResultBackend) => Promise<T>): Promise<T> {
  const world = await harness.world();
  const backend = await backendOf(world, harness);
  try {
    return await use(backend);
  } finally {
    await backend.close();
    await world.dispose();
  }
}
