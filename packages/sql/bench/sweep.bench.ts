/** A million expired rows are removed while others write, by RB_BENCH_SERVER: how long it takes, and how long the writers wait. */
import { latenciesDuring, latenciesFor, say, sayLatencies, sayTime } from '@rb/bench';
import { BATCH, newIds, recordOf } from './records.ts';
import { benchServer } from './server.ts';

const { RB_BENCH_ROWS: ROWS = '1000000' } = process.env;
/** Rows of one sweep. */
const LIMIT = 5_000;

const server = await benchServer();
const store = server.open();

await sayTime(`storing ${ROWS} rows`, async () => {
  for (let stored = 0; stored < Number(ROWS); stored += BATCH)
    await store.put(newIds(BATCH).map((id, n) => recordOf(id, Date.now() - n - 1)));
});

const write = () => store.put(newIds(1).map((id) => recordOf(id)));
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
