import { describe, expect, it } from 'vitest';
import {
  type CallOptions,
  createResultBackend,
  memoryStore,
  type ResultBackend,
  type ResultBackendOptions,
  type ResultStore,
} from '../src/index.js';
import { errorOf } from './stores.js';

/** What a caller without types may pass. */
// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are what is tested
const wrong = (value: unknown): any => value;

/** Notes every property of the store that is called. */
function untouched(): { readonly store: ResultStore; readonly touched: string[] } {
  const touched: string[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): never => {
      touched.push(`${name}(${args.length})`);
      throw new Error(`${name} was called`);
    };
  const store: ResultStore = {
    ...memoryStore(),
    put: note('put'),
    get: note('get'),
    delete: note('delete'),
    notify: { subscribe: note('notify.subscribe') },
    expiry: { resolutionMs: 1, sweep: note('expiry.sweep') },
    stats: { read: note('stats.read') },
    groups: {
      save: note('groups.save'),
      load: note('groups.load'),
      delete: note('groups.delete'),
      report: note('groups.report'),
    },
  };
  return { store, touched };
}

const CONTROLLER = wrong({ signal: new AbortController() });

const CALLS: Readonly<Record<string, (backend: ResultBackend) => unknown>> = {
  'an empty id': (b) => b.store('', 'SUCCESS'),
  'a number as id': (b) => b.get(wrong(7)),
  'no id': (b) => b.wait(wrong(undefined)),
  'a number as state': (b) => b.store('a', wrong(1)),
  'an empty custom state': (b) => b.progress('a', 1, { state: '' }),
  'a number as traceback': (b) => b.store('a', 'FAILURE', null, { traceback: wrong(5) }),
  'text as doneAt': (b) => b.store('a', 'SUCCESS', 1, { doneAt: wrong('now') }),
  'NaN as doneAt': (b) => b.store('a', 'SUCCESS', 1, { doneAt: Number.NaN }),
  'text as meta': (b) => b.store('a', 'SUCCESS', 1, { meta: wrong('m') }),
  'an array as meta': (b) => b.store('a', 'SUCCESS', 1, { meta: wrong([]) }),
  'a route without queue': (b) => b.store('a', 'SUCCESS', 1, { route: wrong({ correlationId: 'a' }) }),
  'an impossible expiry': (b) => b.store('a', 'SUCCESS', 1, { expiresIn: '5 apples' }),
  'an impossible expiry of an ignored result': (b) => b.succeed('a', 1, { expiresIn: -1, ignoreResult: true }),
  'a controller as signal of a store': (b) => b.store('a', 'SUCCESS', 1, CONTROLLER),
  'a controller as signal of a read': (b) => b.get('a', CONTROLLER),
  'a controller as signal of a wait': (b) => b.wait('a', CONTROLLER),
  'a controller as signal of a watch': (b) => b.watch('a', CONTROLLER).next(),
  'a controller as signal of a join': (b) => b.group('g').join(CONTROLLER),
  'text instead of ids': (b) => b.getMany(wrong('abc')),
  'an empty id among ids': (b) => b.getMany(['a', '']),
  'a number to forget': (b) => b.forget(wrong(1)),
  'null among ids to forget': (b) => b.forget(wrong([null])),
  'a negative timeout': (b) => b.wait('a', { timeoutMs: -1 }),
  'NaN as timeout': (b) => b.result('a', { timeoutMs: Number.NaN }),
  'text as timeout': (b) => b.watch('a', { timeoutMs: wrong('5s') }).next(),
  'text as timeout of a join': (b) => b.group('g').join({ timeoutMs: wrong('5s') }),
  'no schema': (b) => b.result('a', { schema: wrong({ parse: () => 1 }) }),
  'null as schema': (b) => b.result('a', { schema: wrong(null) }),
  'a batch of none': (b) => b.cleanup({ batchSize: 0 }),
  'half a batch': (b) => b.cleanup({ batchSize: 0.5 }),
  'a negative pause': (b) => b.cleanup({ pauseMs: -1 }),
  'no function as onProgress': (b) => b.cleanup({ onProgress: wrong(true) }),
  'NaN as batch size': (b) => b.cleanup({ batchSize: Number.NaN }),
  'an empty group id': (b) => b.group(''),
  'text as members': (b) => b.group('g', wrong('abc')),
  'a number among members': (b) => b.group('g').save(wrong(['a', 7])),
  'null among members': (b) => b.group('g').save(wrong([null])),
  'text as parent': (b) => b.group('g').save(['a'], { parent: wrong('p') }),
  'nothing to report': (b) => b.group('g').report(wrong(undefined)),
  'null to report': (b) => b.group('g').report(wrong(null)),
  'an object without id to report': (b) => b.group('g').report(wrong({ state: 'SUCCESS' })),
};

describe('a wrong argument', () => {
  it.each(Object.entries(CALLS))(
    'is a TypeError that says what was expected, before the store is called: %s',
    async (_name, call) => {
      const { store, touched } = untouched();
      const backend = createResultBackend(store);
      const error = await errorOf(Promise.resolve().then(() => call(backend)));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(/expected .+, got .+/);
      expect(touched).toEqual([]);
    },
  );

  it('is told by its kind, never by its content', async () => {
    await using backend = createResultBackend(memoryStore());
    const secret = 'a password that somebody pasted here';
    await expect(backend.get(wrong({ secret }))).rejects.toThrow('got Object');
    await expect(backend.store('a', 'SUCCESS', 1, { expiresIn: secret })).rejects.toThrow('got a string of 36');
  });
});

const OPTIONS: Readonly<Record<string, unknown>> = {
  'a misspelt one': { expiresInn: '1d' },
  'null instead of options': null,
  'an expiry of nothing': { expiresIn: 0 },
  'an expiry per state that is none': { expiresIn: { SUCCESS: '1d', FAILURE: 'soon' } },
  'a poll every 0 ms': { pollMs: 0 },
  'text as safety poll': { safetyPollMs: '10s' },
  'no items in a batch': { maxBatchItems: 0 },
  'NaN bytes in a batch': { maxBatchBytes: Number.NaN },
  'true as retry': { retry: true },
  'null as retry': { retry: null },
  'no attempts': { retry: { attempts: 0 } },
  'text as pause': { retry: { baseMs: '50ms' } },
  'a negative deadline': { retry: { deadlineMs: -1 } },
  'text as onRetry': { retry: { onRetry: 'log' } },
  'text as ignoreResult': { ignoreResult: 'yes' },
  'a number as onBackgroundError': { onBackgroundError: 5 },
  'a number as clock': { now: 5 },
};

describe('an option of a backend', () => {
  it.each(Object.entries(OPTIONS))('that is wrong is a TypeError when the backend is made: %s', (_name, options) => {
    expect(() => createResultBackend(memoryStore(), options as ResultBackendOptions)).toThrow(TypeError);
    expect(() => createResultBackend(memoryStore(), options as ResultBackendOptions)).toThrow(/expected .+, got .+/);
  });

  it('may be undefined, which means the same as absent', async () => {
    const options = {
      expiresIn: undefined,
      retry: undefined,
      pollMs: undefined,
      now: undefined,
      ignoreResult: undefined,
    };
    await using backend = createResultBackend(memoryStore(), options);
    const none: CallOptions = { signal: undefined };
    await backend.succeed('a', 1, { ...none, expiresIn: undefined, meta: undefined, route: undefined });
    expect(await backend.result('a', { ...none, timeoutMs: undefined, schema: undefined })).toBe(1);
  });
});
