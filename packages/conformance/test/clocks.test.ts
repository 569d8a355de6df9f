import { memoryStore, type ResultStore } from '@rb/core';
import { describe, expect, it } from 'vitest';
import { type Clock, type Harness, runConformance } from '../src/index.js';
import { handleOf } from '../src/reference/index.js';
import { SABOTEURS, sabotaged } from '../src/saboteurs/index.js';

/** Memory stores on the machine's own clock, for which the kit waits or whose deadlines it moves. */
const harnessOn = (clockOf: (store: ResultStore) => Clock): Harness => ({
  name: 'memory on the machine’s clock',
  quietMs: 15,
  async world() {
    const shared = memoryStore();
    return { clock: clockOf(shared), open: async () => ({ store: handleOf(shared) }), dispose: () => shared.close() };
  },
});

const earlier = (expiresAt: number | null, ms: number): number | null => expiresAt && expiresAt - ms;

const CLOCKS = {
  real: harnessOn(() => ({ kind: 'real' })),
  ageing: harnessOn((store) => ({
    kind: 'ageing',
    async age(id, ms) {
      const [record] = await store.get([id]);
      if (record && 'state' in record) {
        await store.delete([id]);
        await store.put([{ ...record, expiresAt: earlier(record.expiresAt, ms) }]);
      }
      const group = await store.groups?.load(id);
      if (group) await store.groups?.save({ ...group, expiresAt: earlier(group.expiresAt, ms) });
    },
  })),
};

describe.each(Object.entries(CLOCKS))('with a clock that is %s', (_kind, harness) => {
  it('an honest store passes the clauses about deadlines', async () => {
    const { clauses, counts } = await runConformance(harness, { only: ['EXP', 'STA-8', 'ENU-13'] });
    expect(clauses.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([]);
    expect(counts.pass).toBeGreaterThan(8);
  }, 30_000);

  it.each(['EXP-1', 'EXP-4', 'EXP-10', 'EXP-13'])(
    '%s finds its bugs',
    async (id) => {
      for (const saboteur of SABOTEURS.filter(({ violates, name }) => violates === id && !/seconds$/.test(name))) {
        const { clauses } = await runConformance(sabotaged(harness, saboteur), { only: [id] });
        expect([saboteur.name, clauses[0]?.status]).toEqual([saboteur.name, 'fail']);
      }
    },
    30_000,
  );
});
