/** A million expired rows are removed while others write, by RB_BENCH_SERVER: how long it takes, and how long the writers wait. */
import { randomUUID } from 'node:crypto';
import { latenciesDuring, latenciesFor, say, sayLatencies, sayTime } from '@rb/bench';
import type { TaskRecord } from '@rb/core';
import { benchServer } from './server.ts';

const { RB_BENCH_ROWS: ROWS = '1000000' } = process.env;
/** Rows of one put. */
const BATCH = 500;
/** Rows of one sweep. */
const LIMIT = 5_000;
const DAY = 86_400_000;

const server = await benchServer();
const store = server.open();
const record = (expiresAt: number): TaskRecord => {
  const done = { taskId: randomUUID(), state: 'SUCCESS', result: 1, traceback: null, doneAt: expiresAt - DAY };
  return { ...done, meta: {}, expiresAt };
};

await sayTime(`storing ${ROWS} rows`, async () => {
  for (let stored = 0; stored < Number(ROWS); stored += BATCH)
    await store.put(Array.from({ length: BATCH }, (_, n) => record(Date.now() - n - 1)));
});

const write = () => store.put([record(Date.now() + DAY)]);
sayLatencies('alone', await latenciesFor(5_000, write));
let removed = 0;
const sweep = async (): Promise<void> => {
  for (let last = LIMIT; last >= LIMIT; removed += last) last = (await store.expiry?.sweep?.(LIMIT)) ?? 0;
};
const meanwhile = await latenciesDuring(() => sayTime(`sweeping ${LIMIT} at a time`, sweep), write);
say(`${removed} rows swept`);
sayLatencies('meanwhile', meanwhile);

await store.close();
await server[Symbol.asyncDispose]();
