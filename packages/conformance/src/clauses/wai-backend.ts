import { isTaskFailedError, RemoteError } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { show } from '../evidence.js';
import { settled } from './outcomes.js';
import { live } from './wai-live.js';

const FEW = 10;
/** Ids that are on every server of a cluster, as good as surely. */
const SPREAD = 100;
const MANY = 1_000;
const POLL_MS = 40;
const NEXT: ReadonlyMap<string, string> = new Map([
  ['STARTED', 'PROGRESS'],
  ['PROGRESS', 'SUCCESS'],
]);

/** Many waits, and what else a backend makes of them. */
export const WAI_BACKEND: readonly Clause[] = [
  {
    id: 'WAI-15',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: `${MANY} concurrent waits use no more connections than ${FEW} do, and all of them resolve.`,
    hint: 'One connection for all subscriptions of a store; ids come and go on it.',
    source: 'architecture: no connection, timer or listener per waiter',
    needs: ['faults'],
    async run(t: ClauseContext) {
      const link = t.link(t.reader);
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const waitFor = (ids: readonly string[]): readonly Promise<unknown>[] =>
        ids.map((taskId) => settled('one of many waits', backend.wait(taskId), t.recoveryMs));
      const few = Array.from({ length: FEW }, () => t.id());
      const waits = [...waitFor(few)];
      await live(t);
      // A cluster is connected to where its records are: so many are on every one of its servers.
      await t.get(
        t.reader,
        Array.from({ length: SPREAD }, () => t.id()),
      );
      const connections = link.connections();
      t.that(connections > 0, 'a handle that waits has no connection through its link');
      const more = Array.from({ length: MANY - FEW }, () => t.id());
      waits.push(...waitFor(more));
      await live(t);
      t.that(
        link.connections() <= connections,
        `${MANY} waits use ${link.connections()} connections where ${FEW} use ${connections}`,
      );
      const ids = [...few, ...more];
      await t.putAll(
        t.writer,
        ids.map((taskId) => t.record({ taskId, result: null })),
      );
      await Promise.all(waits);
    },
  },
  {
    id: 'WAI-22',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'watch yields what is stored now, then changes, and ends after the ready record.',
    hint: 'Start with a read; end the loop where the state is ready.',
    source: 'packages/core/src/backend.ts ResultBackend.watch',
    async run(t) {
      const taskId = await t.put(t.writer, { state: 'STARTED' });
      await t.read(t.reader, taskId);
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const seen: string[] = [];
      const watched = (async () => {
        for await (const { state } of backend.watch(taskId)) {
          seen.push(state);
          t.note(`the watch yields ${state}`);
          // Each is put when the one before was seen, so that none may be skipped.
          const next = NEXT.get(state);
          if (next) await t.put(t.writer, { taskId, state: next });
        }
      })();
      watched.catch(() => {});
      await t.eventually('a watch yields the ready record', () => seen.includes('SUCCESS'));
      await settled('a watch that has yielded a ready record', watched, t.settleMs);
      t.same(seen, ['STARTED', 'PROGRESS', 'SUCCESS'], 'the states that a watch yielded');
    },
  },
  {
    id: 'WAI-23',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'result resolves with the value of a task that succeeded, and rejects with TaskFailedError for one that failed or was revoked.',
    hint: 'A failed task is not a value; its error is data and travels in TaskFailedError.remote.',
    source: 'packages/core/src/backend.ts ResultBackend.result',
    async run(t) {
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const value = await t.put(t.writer, { result: { total: 42 } });
      t.same(await backend.result(value, { timeoutMs: t.settleMs }), { total: 42 }, 'the result of a task');
      const remote = new RemoteError('ValueError', 'builtins', ['no total']);
      for (const [state, result] of [['FAILURE', remote] as const, ['REVOKED', null] as const]) {
        const taskId = await t.put(t.writer, { state, result, traceback: 'Traceback' });
        const error = await failureOf(t, backend.result(taskId, { timeoutMs: t.settleMs }), state);
        t.same([error.taskId, error.state, error.traceback], [taskId, state, 'Traceback'], 'what TaskFailedError says');
        t.same(error.remote?.type, result?.type, `the exception's type, of a task in ${state}`);
      }
    },
  },
  {
    id: 'WAI-24',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'Several waits for one task are each their own: one that times out or is aborted leaves the others.',
    hint: 'Share the subscription and the reads of a task, not the promise of a wait.',
    source: 'packages/core/src/wait-hub.ts',
    async run(t) {
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const taskId = t.id();
      const abort = new AbortController();
      const aborted = t.rejects(backend.wait(taskId, { signal: abort.signal }), 'RB_ABORTED', 'the aborted wait');
      const timedOut = t.rejects(backend.wait(taskId, { timeoutMs: 1 }), 'RB_TIMEOUT', 'the short wait');
      const staying = [1, 2].map(() => settled('a wait beside others', backend.wait(taskId), t.settleMs * 2));
      await live(t);
      abort.abort();
      await aborted;
      await timedOut;
      await t.put(t.writer, { taskId });
      for (const { value, error } of await Promise.all(staying))
        t.same(value?.state ?? error?.code, 'SUCCESS', 'how a wait ended beside one aborted and one timed out');
    },
  },
  {
    id: 'WAI-25',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'Closing the backend ends every wait with RB_CLOSED.',
    hint: 'Fail what is still awaited before the store is closed: nobody else will.',
    source: 'packages/core/src/backend.ts ResultBackend.close',
    async run(t) {
      const backend = t.backend(await t.open(), { pollMs: POLL_MS });
      const waits = [1, 2, 3].map(() => settled('a wait whose backend was closed', backend.wait(t.id()), t.settleMs));
      await t.quiet();
      await backend.close();
      for (const { value, error } of await Promise.all(waits))
        t.same(value?.state ?? error?.code, 'RB_CLOSED', 'how a wait ended when its backend was closed');
    },
  },
  {
    id: 'WAI-26',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'A wait for a record that cannot be read rejects with RB_DECODE and the id, and disturbs no other wait.',
    hint: 'What cannot be decoded will not get better by waiting.',
    source: 'packages/core/src/backend.ts ResultBackend.wait',
    needs: ['raw', 'any-reader'],
    async run(t) {
      const [undecodable, sound] = [t.id(), t.id()];
      await t.raw.write(undecodable, t.raw.garbage ?? 'rb: not a stored record');
      const backend = t.backend(t.reader, { pollMs: POLL_MS });
      const other = settled('a wait beside it', backend.wait(sound), t.settleMs * 2);
      const refused = await settled('a wait for an undecodable record', backend.wait(undecodable), t.settleMs);
      t.same([refused.error?.code, refused.error?.taskId], ['RB_DECODE', undecodable], 'how it ended, and its id');
      await t.put(t.writer, { taskId: sound });
      t.same((await other).value?.state, 'SUCCESS', 'what the wait beside it resolved with');
    },
  },
];

/** The TaskFailedError that the call rejects with. */
async function failureOf(
  t: ClauseContext,
  call: Promise<unknown>,
  state: string,
): Promise<{ taskId: string; state: string; traceback: string | null; remote: RemoteError | null }> {
  const what = `the result of a task in ${state}`;
  try {
    const value = await call;
    return t.fail(`${what}: expected a TaskFailedError, but it resolved to ${show(value)}`);
  } catch (error) {
    if (isTaskFailedError(error)) return error;
    throw error;
  }
}
