import { isResultError } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import type { OpenVariant } from '../harness.js';
import { CONFIDENTIAL } from '../trace.js';
import { ERR_RETRIES } from './err-retries.js';
import { ERR_SERVERS } from './err-servers.js';
import { settled } from './outcomes.js';

/** A handle that cannot work, where the harness can make one; opening it must not end the clause. */
async function broken(t: ClauseContext, variant: OpenVariant): Promise<void> {
  const handle = await t.world.open(variant);
  if (handle === null) return;
  const { store } = t.adopt(variant, handle);
  const calls = Promise.allSettled([
    store.get([t.id()]),
    store.put([t.record()]),
    store.delete([t.id()]),
    store.stats?.read(),
  ]);
  // Calls that never end are ERR-3's business: what failed until then is judged.
  await settled(`calls of the variant ${variant}`, calls, t.settleMs).catch(() => {});
}

/** Calls that must fail, each in another way. */
async function provoke(t: ClauseContext): Promise<void> {
  const { writer } = t;
  const unencodable = { shown: CONFIDENTIAL, code: () => 'code' };
  await Promise.allSettled([
    t.putAll(writer, [t.record({ result: unencodable }), t.record({ meta: { stamp: unencodable } })]),
    t.putAll(writer, [t.record()], { signal: AbortSignal.abort() }),
    t.get(writer, [t.id()], { signal: AbortSignal.abort(new Error('by the caller')) }),
  ]);
  for (const variant of ['unreachable', 'bad-credentials', 'no-schema'] as const) await broken(t, variant);
  await writer.store.close();
  await Promise.allSettled([writer.store.get([t.id()]), writer.store.put([t.record()]), writer.store.delete([t.id()])]);
}

/** Errors. */
export const ERR: readonly Clause[] = [
  {
    id: 'ERR-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Every rejection of every call in the run is a ResultError with a listed code.',
    hint: "Map the driver's errors in one place, and give what was not foreseen the code RB_STORE with the original as its cause.",
    source: 'packages/core/src/errors.ts ResultErrorCode',
    async run(t) {
      await provoke(t);
      t.same(t.findings('ERR-1'), [], 'rejections that are no ResultError, in this run');
    },
  },
  ...ERR_SERVERS,
  {
    id: 'ERR-6',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'No message, stack or enumerable property in any error chain contains the password or the result.',
    hint: 'Show URLs by redactUrl() of @rb/core; drivers hang commands and connection options on their errors: keep message and code of a cause, and drop the rest.',
    source: 'celery#6763, #2808: passwords in logs; design: payloads are not for logs either',
    async run(t) {
      await provoke(t);
      t.same(t.findings('ERR-6'), [], 'errors that show what they must not, in this run');
    },
  },
  {
    id: 'ERR-7',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'Invalid arguments throw TypeError "expected ..., got ..." and nothing is sent.',
    hint: 'Check arguments before the store is called; a TypeError is a mistake of the caller and has no code.',
    source: 'design: style.md 1.6',
    async run(t) {
      let sent = 0;
      const counted = {
        ...t.writer.store,
        put: async () => {
          sent += 1;
          return [{ applied: true } as const];
        },
        get: async (ids: readonly string[]) => {
          sent += 1;
          return ids.map(() => undefined);
        },
        delete: async () => {
          sent += 1;
          return 0;
        },
      };
      const backend = t.backend(counted);
      // biome-ignore lint/suspicious/noExplicitAny: what no type allows is what callers in JavaScript pass.
      const wrong = (value: unknown): any => value;
      const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
        ["store('', 'SUCCESS')", () => backend.store('', 'SUCCESS')],
        ['store(42, SUCCESS)', () => backend.store(wrong(42), 'SUCCESS')],
        ["store(id, '')", () => backend.store(t.id(), '')],
        ["store with expiresIn: 'soon'", () => backend.store(t.id(), 'SUCCESS', 1, { expiresIn: wrong('soon') })],
        ['get(undefined)', () => backend.get(wrong(undefined))],
        ["getMany(['a', null])", () => backend.getMany(wrong(['a', null]))],
        ['wait with timeoutMs: -1', () => backend.wait(t.id(), { timeoutMs: -1 })],
        ['get with a signal that is none', () => backend.get(t.id(), { signal: wrong({}) })],
        ["forget(['a', 1])", () => backend.forget(wrong(['a', 1]))],
        ["group('')", async () => backend.group('')],
        ['group(id, [1])', async () => backend.group(t.id(), wrong([1]))],
      ];
      for (const [what, call] of calls) {
        const error: unknown = await (async () => call())().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (!(error instanceof TypeError) || isResultError(error))
          t.fail(`${what}: expected a TypeError, got ${error === undefined ? 'none' : String(error)}`);
        t.same(
          /expected .+, got/.test((error as Error).message),
          true,
          `whether the message of ${what} says what was expected and what it got ("${(error as Error).message}")`,
        );
      }
      t.same(sent, 0, 'calls of the store made for invalid arguments');
      await backend.get(t.id());
      t.same(sent, 1, 'calls of the store made for a valid one');
    },
  },
  ...ERR_RETRIES,
];
