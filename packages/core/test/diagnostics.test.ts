import { tracingChannel } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { diagnosticsStore, STORE_CHANNEL, type StoreCallEvent } from '../src/diagnostics.js';
import { createResultBackend, memoryStore } from '../src/index.js';
import { denied, errorOf, failing } from './stores.js';

async function published(during: () => Promise<unknown>): Promise<[string, StoreCallEvent][]> {
  const events: [string, StoreCallEvent][] = [];
  const note = (name: string) => (event: unknown) => void events.push([name, event as StoreCallEvent]);
  const subscribers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const channel = tracingChannel<unknown, StoreCallEvent>(STORE_CHANNEL);
  channel.subscribe(subscribers as never);
  await during();
  channel.unsubscribe(subscribers as never);
  return events;
}

describe('the diagnostics channel', () => {
  it('is told of every call, its beginning, its end and its result, as one event object', async () => {
    await using backend = createResultBackend(diagnosticsStore(memoryStore()));
    const events = await published(async () => {
      await backend.succeed('a', 1);
      await backend.get('a');
    });
    expect(events.map(([name, { operation }]) => `${operation} ${name}`)).toEqual(
      ['put', 'get'].flatMap((operation) =>
        ['start', 'end', 'asyncStart', 'asyncEnd'].map((name) => `${operation} ${name}`),
      ),
    );
    const puts = events.filter(([, { operation }]) => operation === 'put').map(([, event]) => event);
    expect(new Set(puts).size).toBe(1);
    expect(puts[0]).toMatchObject({ store: 'memory', ids: ['a'], result: [{ applied: true }] });
  });

  it('is told of errors, which the caller gets unchanged', async () => {
    const error = denied();
    await using backend = createResultBackend(diagnosticsStore(failing(memoryStore(), 'get', [error])));
    const events = await published(async () => {
      expect(await errorOf(backend.get('a'))).toBe(error);
    });
    expect(events.map(([name]) => name)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(events[2]?.[1]).toMatchObject({ operation: 'get', error });
  });

  it('changes nothing where nobody listens', async () => {
    const inner = memoryStore();
    const store = diagnosticsStore(inner);
    await using backend = createResultBackend(store);
    const wait = backend.wait('a');
    await backend.succeed('a', 1);
    expect((await wait).result).toBe(1);
    for (const capability of ['notify', 'expiry', 'groups', 'scan', 'stats'] as const) {
      expect(store[capability], capability).toBeDefined();
    }
  });
});
