import type { Harness } from '@rb/conformance';
import { CONTRACT_VERSION, type ResultStore } from '@rb/core';

/** What every method of a store that does nothing does. */
type Answer = (empty: unknown) => Promise<unknown>;

const ANSWERS: Readonly<Record<string, Answer>> = {
  'answers-emptily': async (empty) => empty,
  'always-throws': async () => {
    throw new Error('not today');
  },
  'never-settles': () => new Promise(() => {}),
};

/** Stores that promise everything and do nothing. */
export const NULL_STORES: readonly string[] = Object.keys(ANSWERS);

export function nullHarness(name: string): Harness {
  const answer = ANSWERS[name];
  if (answer === undefined) throw new Error(`there is no null store ${name}`);
  return {
    name,
    settleMs: 100,
    quietMs: 5,
    async world() {
      return {
        clock: { kind: 'virtual', now: () => Date.UTC(2026, 0, 1), advance: async () => {} },
        raw: { read: async () => undefined, write: async () => {} },
        open: async () => ({ store: nullStore(name, answer) }),
        dispose: async () => {},
      };
    },
  };
}

function nullStore(name: string, answer: Answer): ResultStore {
  const give = async <T>(empty: T): Promise<T> => (await answer(empty)) as T;
  return {
    contract: CONTRACT_VERSION,
    name,
    traits: { durable: true, readers: 'any', maxBytes: 2 ** 22, keeps: 'all' },
    put: (records) => give(records.map(() => ({ applied: true }))),
    get: (ids) => give(ids.map(() => undefined)),
    delete: () => give(0),
    close: () => give(undefined),
    notify: {
      subscribe: () => ({ add: () => give(undefined), remove() {}, close: () => give(undefined) }),
    },
    expiry: { resolutionMs: 1, sweep: () => give(0) },
    groups: {
      save: () => give(undefined),
      load: () => give(undefined),
      delete: () => give(false),
      report: () => give({ reported: 0, last: false }),
    },
    scan: {
      async *pages() {
        yield* await give([]);
      },
    },
    stats: { read: () => give({ byState: {}, total: 0, bytes: null, oldestDoneAt: null, estimated: false }) },
  };
}
