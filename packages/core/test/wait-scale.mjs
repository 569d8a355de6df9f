// Run by wait-scale.test.ts: node --expose-gc wait-scale.mjs push|poll|same. Prints what it measured as JSON.
import { createResultBackend, memoryStore } from '../dist/index.js';

const [kind] = process.argv.slice(2);
const WAITS = 100_000;
const idOf = kind === 'same' ? () => 'one' : (i) => `task-${i}`;

const inner = memoryStore();
let subscriptions = 0;
const notify = {
  subscribe(handler) {
    subscriptions += 1;
    return inner.notify.subscribe(handler);
  },
};
const store = { ...inner, notify: kind === 'poll' ? undefined : notify };
const backend = createResultBackend(store, { pollMs: 50, maxBatchItems: 5_000 });

const used = async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc();
  return process.memoryUsage().heapUsed;
};

const before = await used();
const { signal } = new AbortController();
const waits = Array.from({ length: WAITS }, (_, i) => backend.wait(idOf(i), { signal, timeoutMs: 3_600_000 }));
const bytesPerWait = ((await used()) - before) / WAITS;
const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

if (kind === 'same') await backend.succeed('one', 1);
else await Promise.all(waits.map((_, i) => backend.succeed(idOf(i), i)));
const records = await Promise.all(waits);
const resolved = records.filter(({ state, taskId }, i) => state === 'SUCCESS' && taskId === idOf(i)).length;
await backend.close();
process.stdout.write(JSON.stringify({ resolved, bytesPerWait, timers, subscriptions }));
