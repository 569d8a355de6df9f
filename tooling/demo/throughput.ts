import type { ResultBackend } from '@rb/core';

/** Long enough for a steady number, short enough for a demo: about a second each. */
const TASKS = 20_000;
const CONCURRENT = 500;

/** Stores, then reads, so many results with so many calls under way; says how many per second. */
export async function throughput(results: ResultBackend, say: (line: string) => void): Promise<void> {
  const ids = Array.from({ length: TASKS }, (_, i) => `load-${i}`);
  say(await timed('store', ids, (id) => results.succeed(id, { id, ok: true, values: [1, 2, 3] })));
  say(await timed('get', ids, (id) => results.get(id)));
}

async function timed(what: string, ids: readonly string[], call: (id: string) => Promise<unknown>): Promise<string> {
  const started = performance.now();
  for (let from = 0; from < ids.length; from += CONCURRENT)
    await Promise.all(ids.slice(from, from + CONCURRENT).map(call));
  const perSecond = Math.round(ids.length / ((performance.now() - started) / 1_000));
  return `${what.padEnd(5)} ${perSecond.toLocaleString('en')} per second, ${CONCURRENT} at a time`;
}
