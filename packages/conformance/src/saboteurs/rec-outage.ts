import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isResultError, ResultError, type TaskRecord } from '@rb/core';
import { usedBytes } from '../memory-use.js';
import type { TcpProxy } from '../tcp-proxy.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { ending, endingWithin, untilWorks, withHandles } from './with-handles.js';

/** Whether an error came of a peer that gave no answer: the wire says so in its cause. */
const isSilence = (error: unknown): boolean =>
  error instanceof Error && (error.message.startsWith('silent') || isSilence(error.cause));

/** Loss of connections that lasts. */
export const REC_OUTAGE_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'waits-for-a-silent-peer',
    violates: 'REC-6',
    on: 'wire',
    seen: 'drivers without a socket timeout: pg, mysql2, ioredis by default',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        try {
          return await store.put(records, options);
        } catch (error) {
          if (isSilence(error)) return new Promise(() => {});
          throw error;
        }
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await store.get(['t']);
        await link.blackhole();
        return endingWithin(3_000, store.put([sample()]));
      }),
  },
  {
    name: 'keeps-what-it-could-not-send',
    violates: 'REC-7',
    on: 'wire',
    seen: 'node-redis and ioredis: offline queues without a limit',
    sabotage(store, { memory }) {
      const unsent: TaskRecord[] = [];
      memory.set('unsent', unsent);
      return {
        ...store,
        async put(records, options) {
          try {
            return await store.put(records, options);
          } catch (error) {
            if (isResultError(error) && error.retryable) unsent.push(...records);
            throw error;
          }
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        const before = await usedBytes();
        const put = (_: unknown, i: number): Promise<unknown> =>
          ending(store.put([sample({ result: Buffer.alloc(200_000, `${i}`).toString('latin1') })]));
        await Promise.all(Array.from({ length: 30 }, put));
        return (await usedBytes()) - before > 3e6;
      }),
  },
  {
    name: 'reconnects-in-a-tight-loop',
    violates: 'REC-8',
    on: 'wire',
    seen: 'amqp and pub/sub clients that connect again in their close handler',
    sabotage(store, { handle }) {
      const sockets = new Set<Socket>();
      let closed = false;
      const reconnect = (): void => {
        const { host, port } = handle.link as TcpProxy;
        if (closed || sockets.size > 0) return;
        const socket = connect({ host, port });
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', (hadError) => {
          sockets.delete(socket);
          if (hadError) reconnect();
        });
        // Back again: the store's own connection does the rest.
        socket.setTimeout(20, () => socket.destroy());
      };
      return {
        ...store,
        async get(taskIds, options) {
          try {
            return await store.get(taskIds, options);
          } catch (error) {
            if (isResultError(error) && error.code === 'RB_UNAVAILABLE') reconnect();
            throw error;
          }
        },
        async close() {
          closed = true;
          for (const socket of sockets) socket.destroy();
          await store.close();
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        await ending(store.get(['t']));
        await sleep(300);
        return link.attempts() > 25;
      }),
  },
  {
    name: 'says-goodbye-until-it-is-heard',
    violates: 'REC-9',
    on: 'wire',
    seen: 'ioredis quit() during an outage: queued behind the next connection',
    sabotage: (store) => ({
      ...store,
      async close() {
        const until = performance.now() + 4_000;
        while (performance.now() < until && (await ending(store.get(['goodbye']))) === 'RB_UNAVAILABLE')
          await sleep(20);
        await store.close();
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        return endingWithin(1_000, store.close());
      }),
  },
  {
    name: 'goes-on-connecting-after-close',
    violates: 'REC-9',
    on: 'wire',
    sabotage: (store, { handle }) => ({
      ...store,
      async close() {
        await store.close();
        const { host, port } = handle.link as TcpProxy;
        let left = 20;
        const reconnect = (): void => {
          left -= 1;
          const socket = connect({ host, port });
          socket.on('error', () => {});
          // Only while it is refused: after an orderly end nothing is left.
          socket.on('close', (hadError) => {
            if (hadError && left > 0) setTimeout(reconnect, 10);
          });
          socket.on('connect', () => setTimeout(() => socket.destroy(), 1));
        };
        reconnect();
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await link.cut({ refuse: true });
        await store.close();
        const before = link.attempts();
        await sleep(100);
        return link.attempts() > before;
      }),
  },
  {
    name: 'takes-a-refusal-for-an-outage',
    violates: 'REC-11',
    on: 'wire',
    sabotage(store) {
      let hasWorked = false;
      return {
        ...store,
        async put(records, options) {
          try {
            const outcomes = await store.put(records, options);
            hasWorked = true;
            return outcomes;
          } catch (error) {
            if (!(hasWorked && isResultError(error) && (error.code === 'RB_DENIED' || error.code === 'RB_SCHEMA')))
              throw error;
            throw new ResultError('RB_UNAVAILABLE', error.message, { cause: error });
          }
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await store.put([sample()]);
        await link.cut();
        await world.revoke?.();
        return untilWorks(() => store.put([sample()]));
      }),
  },
  {
    name: 'believes-that-scripts-outlive-the-server',
    violates: 'REC-13',
    on: 'wire',
    seen: 'Redis: NOSCRIPT after a restart; PostgreSQL: prepared statement does not exist',
    sabotageWorld(world) {
      let restarts = 0;
      return {
        ...world,
        async restart() {
          await world.restart?.();
          restarts += 1;
        },
        async open(variant) {
          const handle = await world.open(variant);
          const loadedAt = restarts;
          return (
            handle && {
              ...handle,
              store: {
                ...handle.store,
                async put(records, options) {
                  if (restarts > loadedAt) throw new ResultError('RB_STORE', 'NOSCRIPT No matching script');
                  return handle.store.put(records, options);
                },
              },
            }
          );
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        await store.put([sample()]);
        await world.restart?.();
        return untilWorks(() => store.put([sample()]));
      }),
  },
];
