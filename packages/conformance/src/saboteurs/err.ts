import { isResultError, ResultError, type ResultErrorCode, type ResultStore } from '@rb/core';
import { backendOver, backendWith, endOf, withBackend } from './backend-with.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** The same store, whose get, put and delete reject with another error than the honest one. */
function rejecting(store: ResultStore, change: (error: ResultError) => unknown): ResultStore {
  const changed = <T>(call: Promise<T>): Promise<T> =>
    call.catch((error: unknown) => {
      throw isResultError(error) ? change(error) : error;
    });
  return {
    ...store,
    get: (taskIds, options) => changed(store.get(taskIds, options)),
    put: (records, options) => changed(store.put(records, options)),
    delete: (taskIds, options) => changed(store.delete(taskIds, options)),
  };
}

const as = (
  error: ResultError,
  code: ResultErrorCode,
  fields: { readonly cause?: unknown; readonly retryable?: boolean } = {},
): ResultError => new ResultError(code, error.message, { cause: error.cause, retryable: error.retryable, ...fields });

const errorOf = (call: Promise<unknown>): Promise<ResultError> =>
  call.then(
    () => undefined as never,
    (error) => error,
  );

/** Before it gives up; the reference pauses between them. */
const MAX_ATTEMPTS = 5;

/** Errors. */
export const ERR_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'drivers-error-leaks',
    violates: 'ERR-1',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      delete: (taskIds, options) =>
        store.delete(taskIds, options).catch((error: ResultError) => {
          throw error.code === 'RB_CLOSED'
            ? Object.assign(new Error('Connection is closed.'), { code: error.code })
            : error;
        }),
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.close();
      return isResultError(await errorOf(store.delete(['t'])));
    },
  },
  {
    name: 'a-code-of-its-own',
    violates: 'ERR-1',
    on: 'wire',
    sabotage: (store) => ({
      ...store,
      stats: store.stats && {
        read: (options) =>
          store.stats?.read(options).catch((error: ResultError) => {
            throw error.code === 'RB_UNAVAILABLE' ? as(error, 'RB_OFFLINE' as ResultErrorCode) : error;
          }) as never,
      },
    }),
    exposes: async (world) =>
      (await errorOf((await storeOf(world, 'unreachable')).stats?.read() ?? Promise.resolve())).code,
  },
  {
    name: 'drops-the-cause',
    violates: 'ERR-2',
    on: 'wire',
    sabotage: (store) =>
      rejecting(store, (error) =>
        error.code === 'RB_UNAVAILABLE'
          ? new ResultError(error.code, error.message, { retryable: error.retryable })
          : error,
      ),
    async exposes(world) {
      const handle = await world.open();
      await handle?.link?.cut({ refuse: true });
      return (await errorOf(handle?.store.get(['t']) ?? Promise.resolve())).cause === undefined;
    },
  },
  {
    name: 'queues-for-ever',
    violates: 'ERR-3',
    on: 'wire',
    seen: "ioredis' offline queue by default",
    sabotage: (store, { variant }) =>
      variant === 'unreachable' ? { ...store, get: () => new Promise(() => {}) } : store,
    async exposes(world) {
      const store = await storeOf(world, 'unreachable');
      const late = new Promise((resolve) => setTimeout(resolve, 1_000, 'never settles'));
      return Promise.race([late, errorOf(store.get(['t'])).then(({ code }) => code)]);
    },
  },
  {
    name: 'unreachable-is-for-good',
    violates: 'ERR-3',
    on: 'wire',
    sabotage: (store, { variant }) =>
      variant === 'unreachable'
        ? rejecting(store, (error) => as(error, 'RB_UNAVAILABLE', { retryable: false }))
        : store,
    exposes: async (world) => (await errorOf((await storeOf(world, 'unreachable')).get(['t']))).retryable,
  },
  {
    name: 'retries-refused-credentials',
    violates: 'ERR-4',
    on: 'wire',
    seen: 'accounts that are locked after five attempts',
    sabotage(store, { variant, handle }) {
      if (variant !== 'bad-credentials') return store;
      let open = true;
      const again = async (): Promise<void> => {
        while (open) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (open) await store.get(['again']).catch(() => {});
        }
      };
      let trying: Promise<void> | undefined;
      return {
        ...store,
        get(taskIds, options) {
          trying ??= again();
          return store.get(taskIds, options);
        },
        async close() {
          open = false;
          await store.close();
          await trying;
          await handle.link?.heal();
        },
      };
    },
    async exposes(world) {
      const handle = await world.open('bad-credentials');
      await errorOf(handle?.store.get(['t']) ?? Promise.resolve());
      const before = handle?.link?.attempts();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const after = handle?.link?.attempts();
      await handle?.store.close();
      return before === after;
    },
  },
  {
    name: 'tries-credentials-again',
    violates: 'ERR-4',
    on: 'wire',
    sabotage: (store) => ({
      ...store,
      async get(taskIds, options) {
        for (let attempts = 1; ; attempts += 1) {
          try {
            return await store.get(taskIds, options);
          } catch (error) {
            if (!isResultError(error) || error.code !== 'RB_DENIED' || attempts === MAX_ATTEMPTS) throw error;
          }
        }
      },
    }),
    async exposes(world) {
      const handle = await world.open('bad-credentials');
      await errorOf(handle?.store.get(['t']) ?? Promise.resolve());
      return handle?.link?.attempts();
    },
  },
  {
    name: 'refused-credentials-may-pass',
    violates: 'ERR-4',
    on: 'wire',
    sabotage: (store, { variant }) =>
      variant === 'bad-credentials' ? rejecting(store, (error) => as(error, 'RB_DENIED', { retryable: true })) : store,
    exposes: async (world) => (await errorOf((await storeOf(world, 'bad-credentials')).get(['t']))).retryable,
  },
  {
    name: 'a-missing-table-is-an-unknown-error',
    violates: 'ERR-5',
    on: 'wire',
    sabotage: (store, { variant }) =>
      variant === 'no-schema' ? rejecting(store, (error) => as(error, 'RB_STORE')) : store,
    exposes: async (world) => (await errorOf((await storeOf(world, 'no-schema')).get(['t']))).code,
  },
  {
    name: 'says-not-what-to-run',
    violates: 'ERR-5',
    on: 'wire',
    sabotage: (store, { variant }) =>
      variant === 'no-schema'
        ? rejecting(store, (error) => new ResultError(error.code, 'relation "celery_taskmeta" does not exist'))
        : store,
    exposes: async (world) => (await errorOf((await storeOf(world, 'no-schema')).get(['t']))).message,
  },
  {
    name: 'url-with-password-in-the-message',
    violates: 'ERR-6',
    on: 'wire',
    seen: 'celery#6763',
    sabotage: (store, { variant, handle }) =>
      variant === 'bad-credentials'
        ? rejecting(
            store,
            (error) =>
              new ResultError(error.code, `wire://user:${handle.secret}@host was refused`, {
                retryable: error.retryable,
              }),
          )
        : store,
    async exposes(world) {
      const handle = await world.open('bad-credentials');
      const error = await errorOf(handle?.store.get(['t']) ?? Promise.resolve());
      return error.message.includes(handle?.secret ?? 'none');
    },
  },
  {
    name: 'shows-what-it-could-not-encode',
    violates: 'ERR-6',
    on: 'memory',
    seen: 'drivers that hang the whole command on their errors',
    sabotage: (store) => ({
      ...store,
      put: async (records, options) =>
        (await store.put(records, options)).map((outcome, i) => {
          if (!('refused' in outcome)) return outcome;
          const { code, message, taskId } = outcome.refused;
          return {
            refused: Object.assign(new ResultError(code, message, { taskId }), { command: records[i]?.result }),
          };
        }),
    }),
    async exposes(world) {
      const [outcome] = await (await storeOf(world)).put([sample({ result: () => {} })]);
      return outcome && 'refused' in outcome && 'command' in outcome.refused;
    },
  },
  {
    name: 'sends-invalid-arguments',
    violates: 'ERR-7',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        // A number is no id, and becomes one.
        store: (taskId, state, result, options) =>
          backend.store(typeof taskId === 'number' ? String(taskId) : taskId, state, result, options),
      }),
    exposes: (_world, harness) =>
      withBackend(harness, (backend) =>
        backend.store(42 as unknown as string, 'SUCCESS').then(
          () => 'stored',
          () => 'refused',
        ),
      ),
  },
  {
    name: 'forgets-what-it-can',
    violates: 'ERR-7',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        forget: (taskIds, options) =>
          backend.forget(
            [taskIds].flat().filter((taskId) => typeof taskId === 'string'),
            options,
          ),
      }),
    exposes: (_world, harness) =>
      withBackend(harness, (backend) => endOf(backend.forget(['a', 1 as unknown as string]))),
  },
  {
    name: 'repeats-whatever-failed',
    violates: 'ERR-8',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        get: (taskId, options) => backend.get(taskId, options).catch(() => backend.get(taskId, options)),
      }),
    async exposes(world, harness) {
      const store = await storeOf(world);
      let calls = 0;
      const denied: ResultStore = {
        ...store,
        get() {
          calls += 1;
          return Promise.reject(new ResultError('RB_DENIED', 'no'));
        },
      };
      await endOf(backendOver(denied, harness).get('t'));
      return calls;
    },
  },
];
