import { getEventListeners, once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TcpProxy } from '../tcp-proxy.js';
import { LEA_MEMORY_SABOTEURS } from './lea-memory.js';
import { sample } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { ending, withHandles } from './with-handles.js';

const ENDS: readonly Saboteur[] = [
  {
    name: 'leaves-a-connection-open',
    violates: 'LEA-1',
    on: 'wire',
    seen: 'adapters whose close() forgets the connection for subscriptions',
    sabotage(store, { handle }) {
      let isSecondOpen = false;
      return {
        ...store,
        async put(records, options) {
          const { host, port } = handle.link as TcpProxy;
          if (!isSecondOpen) connect({ host, port }).on('error', () => {});
          isSecondOpen = true;
          return store.put(records, options);
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store, link }) => {
        await store.put([sample()]);
        await store.close();
        await sleep(50);
        return link.connections();
      }),
  },
  {
    name: 'leaves-its-keep-alive-timer',
    violates: 'LEA-2',
    on: 'wire',
    sabotage(store) {
      const timers: NodeJS.Timeout[] = [];
      return {
        ...store,
        async put(records, options) {
          // It ends some day, or the process that spoils this store on purpose would not.
          if (timers.length === 0) timers.push(setTimeout(() => {}, 10_000));
          return store.put(records, options);
        },
      };
    },
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        const timers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
        const before = timers();
        await store.put([sample()]);
        await store.close();
        return timers() - before > 0;
      }),
  },
  {
    name: 'leaves-its-abort-listener',
    violates: 'LEA-4',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async get(taskIds, options) {
        options?.signal?.addEventListener('abort', () => {}, { once: true });
        return store.get(taskIds, options);
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        const { signal } = new AbortController();
        await store.get(['t'], { signal });
        return getEventListeners(signal, 'abort').length;
      }),
  },
  {
    name: 'warns-of-each-late-answer',
    violates: 'LEA-6',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async get(taskIds, options) {
        const wasAborted = options?.signal?.aborted ?? false;
        const outcomes = store.get(taskIds, options);
        await Promise.resolve();
        if (!wasAborted && options?.signal?.aborted) process.emitWarning('an answer came after its call was aborted');
        return outcomes;
      },
    }),
    exposes: (world) =>
      withHandles(world, async ({ store }) => {
        const warned = once(process, 'warning').then(() => 'warned');
        const abort = new AbortController();
        const call = ending(store.get(['t'], { signal: abort.signal }));
        abort.abort();
        await call;
        return Promise.race([warned, sleep(50, 'quiet')]);
      }),
  },
];

/** Resources. */
export const LEA_SABOTEURS: readonly Saboteur[] = [...ENDS, ...LEA_MEMORY_SABOTEURS];
