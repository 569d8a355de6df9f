import type { Clause } from '../clause.js';

/** A driver may try two addresses of a name, or two ways of asking to be let in. */
const ATTEMPTS_PER_CALL = 3;

/** Servers that do not serve. */
export const ERR_SERVERS: readonly Clause[] = [
  {
    id: 'ERR-2',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "The driver's error is its cause.",
    hint: 'new ResultError(code, message, { cause }): who looks into it needs what the driver said.',
    source: 'packages/core/src/errors.ts ResultErrorOptions.cause',
    needs: ['faults'],
    async run({ open, link, get, id, rejects, same }) {
      const handle = await open();
      await link(handle).cut({ refuse: true });
      const error = await rejects(get(handle, [id()]), 'RB_UNAVAILABLE', 'a get while connections are refused');
      same(error.cause instanceof Error, true, `whether the error "${error.message}" has the driver's as its cause`);
    },
  },
  {
    id: 'ERR-3',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An unreachable server rejects with RB_UNAVAILABLE, retryable, within the connect budget.',
    hint: 'Bound the time for a connection, and what waits for one; drivers queue without end by default.',
    source: "ioredis' offline queue, pg-pool without connectionTimeoutMillis",
    needs: ['unreachable'],
    async run({ open, get, id, record, rejects, recoveryMs, slackMs, sleep, same }) {
      const { store } = await open('unreachable');
      const handle = { name: 'unreachable', store, bare: store, handle: { store } };
      const limit = recoveryMs + slackMs;
      for (const [what, call] of [
        ['get', () => get(handle, [id()])],
        ['put', () => store.put([record()])],
        ['delete', () => store.delete([id()])],
      ] as const) {
        const late = sleep(limit).then((): never[] => {
          throw new Error(`${what} on an unreachable server had not settled after ${limit} ms`);
        });
        // A call that wins leaves the timer to end by itself.
        late.catch(() => {});
        const error = await rejects(
          Promise.race([call() as Promise<unknown>, late]),
          'RB_UNAVAILABLE',
          `${what} on an unreachable server`,
        );
        same(error.retryable, true, `retryable of ${what} on an unreachable server`);
      }
    },
  },
  {
    id: 'ERR-4',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Refused credentials reject with RB_DENIED, not retryable, without a retry loop.',
    hint: 'A password does not become right by itself, and servers lock accounts: tell the caller, and connect again when called again.',
    source: 'design: ResultError.retryable',
    needs: ['bad-credentials'],
    async run({ open, get, id, rejects, quietMs, sleep, same }) {
      const handle = await open('bad-credentials');
      await rejects(get(handle, [id()]), 'RB_DENIED', 'the first get with refused credentials');
      const attempts = handle.handle.link?.attempts() ?? 0;
      same(attempts <= ATTEMPTS_PER_CALL, true, `whether one call connected a few times at most (${attempts} times)`);
      for (const what of ['the second get', 'the third get']) {
        const error = await rejects(get(handle, [id()]), 'RB_DENIED', `${what} with refused credentials`);
        same(error.retryable, false, `retryable of ${what} with refused credentials`);
      }
      const { link } = handle.handle;
      const before = link?.attempts();
      // A loop may pause between its attempts.
      await sleep(4 * quietMs);
      same(link?.attempts(), before, 'connections attempted in all, after a while in which nobody called');
    },
  },
  {
    id: 'ERR-5',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'A missing table, index or queue rejects with RB_SCHEMA and the message says what to run.',
    hint: 'Recognise the code for a missing table, and name the command or function that makes it.',
    source: 'packages/core/src/errors.ts RB_SCHEMA',
    needs: ['no-schema'],
    async run({ open, get, id, record, rejects, same }) {
      const handle = await open('no-schema');
      for (const [what, call] of [
        ['get', () => get(handle, [id()])],
        ['put', () => handle.store.put([record()])],
      ] as const) {
        const error = await rejects(call() as Promise<unknown>, 'RB_SCHEMA', `${what} without a schema`);
        const says = /\b(run|deploy|create|declare|make|add|migrate)\b/i.test(error.message);
        same(says, true, `whether the message of ${what} without a schema says what to run ("${error.message}")`);
      }
    },
  },
];
