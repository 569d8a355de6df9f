import { text, withText } from './altered.js';
import { readBack, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const CHUNK = 65_536;

/** Large records. */
export const SER_LIMITS_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'loses-the-last-full-chunk',
    violates: 'SER-5',
    on: 'memory',
    sabotage: (store) =>
      withText(store, (result) =>
        result.length > 0 && result.length % CHUNK === 0 ? result.slice(0, -CHUNK) : result,
      ),
    exposes: (world) => readBack(world, { result: 'x'.repeat(CHUNK) }),
  },
  {
    name: 'cuts-what-is-too-large',
    violates: 'SER-6',
    on: 'memory',
    seen: 'MySQL without strict mode',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const outcomes = [...(await store.put(records, options))];
        for (const [i, record] of records.entries()) {
          const outcome = outcomes[i];
          if (!outcome || !('refused' in outcome) || outcome.refused.code !== 'RB_TOO_LARGE') continue;
          const result = text(record.result, (it) => it.slice(0, 1_000));
          outcomes.splice(i, 1, ...(await store.put([{ ...record, result }], options)));
        }
        return outcomes;
      },
    }),
    exposes: async (world) => readBack(world, { result: 'x'.repeat((await storeOf(world)).traits.maxBytes + 1) }),
  },
  {
    name: 'declares-more-than-fits',
    violates: 'SER-7',
    on: 'memory',
    seen: "a server's limit on packets is below that of its columns",
    sabotage: (store) => ({ ...store, traits: { ...store.traits, maxBytes: store.traits.maxBytes * 2 } }),
    exposes: async (world) => readBack(world, { result: 'x'.repeat((await storeOf(world)).traits.maxBytes - 2_048) }),
  },
];
