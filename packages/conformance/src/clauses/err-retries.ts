import { isResultError, ResultError, type ResultErrorCode, type ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';
import { show } from '../evidence.js';

/** What a backend makes of failures. */
export const ERR_RETRIES: readonly Clause[] = [
  {
    id: 'ERR-8',
    since: '1.0',
    level: 'MUST',
    surface: 'backend',
    text: 'The backend repeats a call that failed with a retryable error, and no other.',
    hint: 'Look at `retryable`, not at the code or the message.',
    source: 'packages/core/src/backend-options.ts retry',
    async run(t) {
      const taskId = await t.put(t.writer);
      const failingOnce = async (code: ResultErrorCode): Promise<readonly [end: string, calls: number]> => {
        let calls = 0;
        const store: ResultStore = {
          ...t.reader.store,
          get(taskIds, options) {
            calls += 1;
            if (calls > 1) return t.reader.store.get(taskIds, options);
            return Promise.reject(new ResultError(code, 'the first call was made to fail'));
          },
        };
        const end = await t
          .backend(store, { retry: { baseMs: 1, maxMs: 2 } })
          .get(taskId)
          .then(
            ({ state }) => state,
            (error: unknown) => (isResultError(error) ? error.code : show(error)),
          );
        return [end, calls];
      };
      t.same(
        await failingOnce('RB_UNAVAILABLE'),
        ['SUCCESS', 2],
        'how a get ended, and its calls, after RB_UNAVAILABLE',
      );
      t.same(await failingOnce('RB_DENIED'), ['RB_DENIED', 1], 'how a get ended, and its calls, after RB_DENIED');
    },
  },
];
