import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isResultError, isTaskFailedError } from '@rb/core';
import type { Link } from '../harness.js';
import { backendOf, backendWith, endOf, type Wait, waiting } from './backend-with.js';
import { subscribing } from './notifying.js';
import { sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

/** Of one more connection. */
const IDS_PER_CONNECTION = 100;

/** Many waits, and what else a backend makes of them. */
export const WAI_BACKEND_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'connects-again-for-more-ids',
    violates: 'WAI-15',
    on: 'wire',
    sabotage: (store, { handle }) => {
      const sockets: Socket[] = [];
      const more = (link: (Link & { readonly port?: number }) | undefined): void => {
        if (link?.port !== undefined) sockets.push(connect(link.port).on('error', () => {}));
      };
      const wrapped = subscribing(store, (inner) => ({
        async add(taskIds, options) {
          for (let i = IDS_PER_CONNECTION; i <= taskIds.length; i += IDS_PER_CONNECTION) more(handle.link);
          await inner.add(taskIds, options);
        },
      }));
      return {
        ...wrapped,
        async close() {
          for (const socket of sockets) socket.destroy();
          await store.close();
        },
      };
    },
    async exposes(world) {
      const handle = await world.open();
      const subscription = handle?.store.notify?.subscribe({ record: () => {}, gap: () => {} });
      await subscription?.add(Array.from({ length: IDS_PER_CONNECTION * 3 }, (_, i) => `${i}`));
      await sleep(50);
      return handle?.link?.connections();
    },
  },
  {
    name: 'watch-yields-changes-alone',
    violates: 'WAI-22',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        async *watch(taskId, options) {
          let isFirst = true;
          for await (const record of backend.watch(taskId, options)) {
            if (!isFirst || record.ready) yield record;
            isFirst = false;
          }
        },
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await (await storeOf(world)).put([sample({ state: 'STARTED' })]);
      return endOf(backend.watch('t', { timeoutMs: 50 }).next());
    },
  },
  {
    name: 'watch-never-ends',
    violates: 'WAI-22',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        async *watch(taskId, options) {
          yield* backend.watch(taskId, options);
          await new Promise(() => {});
        },
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await (await storeOf(world)).put([sample()]);
      const watching = backend.watch('t');
      await watching.next();
      return endOf(watching.next());
    },
  },
  {
    name: 'an-error-is-a-result-too',
    violates: 'WAI-23',
    on: 'memory',
    sabotageBackend: (backend) =>
      backendWith(backend, {
        result: async (taskId, options) => {
          try {
            return await backend.result(taskId, options);
          } catch (error) {
            if (isTaskFailedError(error)) return error.remote as never;
            throw error;
          }
        },
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await (await storeOf(world)).put([sample({ state: 'FAILURE' })]);
      return endOf(backend.result('t'));
    },
  },
  {
    name: 'waits-share-a-promise',
    violates: 'WAI-24',
    on: 'memory',
    seen: 'caches of promises by key, with the options of who came first',
    sabotageBackend(backend) {
      const shared = new Map<string, ReturnType<Wait>>();
      return waiting(backend, (taskId, options) => {
        const known = shared.get(taskId) ?? backend.wait(taskId, options).finally(() => shared.delete(taskId));
        shared.set(taskId, known);
        return known;
      });
    },
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      const short = backend.wait('t', { timeoutMs: 1 }).catch(() => {});
      const long = endOf(backend.wait('t'));
      await short;
      await (await storeOf(world)).put([sample()]);
      return long;
    },
  },
  {
    name: 'close-leaves-waits-alone',
    violates: 'WAI-25',
    on: 'memory',
    sabotageBackend: (backend) =>
      waiting(backend, (taskId, options) => backend.wait(taskId, options).catch(unlessClosed)),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      const end = endOf(backend.wait('t'));
      await sleep(20);
      await backend.close();
      return end;
    },
  },
  {
    name: 'waits-for-what-cannot-be-read',
    violates: 'WAI-26',
    on: 'memory',
    sabotageBackend: (backend) =>
      waiting(backend, async (taskId, options) => {
        for (;;) {
          try {
            return await backend.wait(taskId, options);
          } catch (error) {
            if (!isResultError(error) || error.code !== 'RB_DECODE') throw error;
            await sleep(10);
          }
        }
      }),
    async exposes(world, harness) {
      const backend = await backendOf(world, harness);
      await world.raw?.write('t', world.raw.garbage ?? 'rb: not a stored record');
      const end = await endOf(backend.wait('t'));
      await backend.close();
      return end;
    },
  },
];

function unlessClosed(error: unknown): Promise<never> {
  if (isResultError(error) && error.code === 'RB_CLOSED') return new Promise(() => {});
  throw error;
}
