import { ResultError, type ResultStore } from '@rb/core';
import type { Clause } from '../clause.js';
import type { ClauseContext } from '../context.js';
import { openPair, type PairOptions } from '../dual-harness.js';
import { CAPABILITIES } from '../facts.js';
import type { Harness, World } from '../harness.js';
import { dualOf, pairOf, stateOf } from './pair.js';

/** What every store must do, whatever it declares; the rest of the kit runs over the whole pair. */
const CORE_CLAUSES = ['STO', 'STA', 'FOR', 'LIF-2', 'LIF-3', 'LIF-4', 'ABO-1'];

/** Enough under way at once for a queue to fill. */
const TASKS_PER_ROUND = 10;

/** The pair as a store, from its first call to its last. */
export const DUA_WHOLE: readonly Clause[] = [
  {
    id: 'DUA-1',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Over two conforming stores the pair passes every clause of the intersection of their traits and capabilities.',
    hint: 'Declare what both sides declare and nothing else, and pass the options of a call, its signal among them, to both.',
    source: 'A pair is a store: it runs under a backend, and nests; a capability is present or absent',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      await judgeDeclarations(t, {});
      await judgeDeclarations(t, NOTHING_IN_COMMON);
      await judgeAborts(t);
      const bare: Harness = {
        ...t.harness,
        name: `${t.harness.name}, without capabilities`,
        world: () => bareWorld(t),
      };
      const results = await t.check(bare, CORE_CLAUSES);
      const failed = results.filter(({ status }) => status === 'fail');
      t.that(
        failed.length === 0,
        `over sides with no capability in common: ${failed.map(({ id, observed }) => `${id}: ${observed}`).join('; ')}`,
      );
      t.that(
        results.some(({ status }) => status === 'pass'),
        'none of the core clauses was checked',
      );
    },
  },
  {
    id: 'DUA-13',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'Swapping the roles under load loses no acknowledged SUCCESS.',
    hint: 'A put resolves when both stores were asked, however many are under way; what the secondary misses is told of.',
    source: 'The cut-over of a migration without downtime',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      const before = await pairOf(t);
      const { sides } = t.world;
      const swapped = sides && (await openPair(dualOf(t), { primary: sides.secondary, secondary: sides.primary }));
      if (!swapped) return t.fail('no pair could be made with the roles swapped');
      const after = t.adopt('swapped', swapped);
      const ids = Array.from({ length: t.rounds(6) * TASKS_PER_ROUND }, () => t.id());
      // Each worker goes over to the other roles when it comes to the middle; a late STARTED of others comes by either.
      const acknowledged = await Promise.all(
        ids.map(async (taskId, at) => {
          const [own, other] = at < ids.length / 2 ? [before.pair, after] : [after, before.pair];
          await t.putOne(own, { taskId, state: 'STARTED' });
          const [outcome] = await Promise.all([
            t.putOne(own, { taskId, result: at }),
            t.putOne(other, { taskId, state: 'RETRY', result: null }),
          ]);
          return 'applied' in outcome && outcome.applied;
        }),
      );
      t.same(
        acknowledged,
        ids.map(() => true),
        'outcomes of the only SUCCESS of each task',
      );
      t.same(before.divergences.length, 0, 'divergences told of while both sides work');
      for (const [at, taskId] of ids.entries()) {
        // The new primary alone: the old one is switched off next.
        for (const through of [after, before.secondary, before.primary]) {
          const found = await t.read(through, taskId);
          t.same(
            [found?.state, found?.result],
            ['SUCCESS', at],
            `an acknowledged SUCCESS read through ${through.name}`,
          );
        }
      }
    },
  },
  {
    id: 'DUA-14',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'close closes both stores even if one refuses, and reports the refusal.',
    hint: 'Close both, await both, and then reject with what either rejected.',
    source: 'What is opened is closed; abstract-level closes what is attached in parallel and combines the errors',
    needs: ['dual', 'any-reader'],
    async run(t: ClauseContext) {
      for (const refusing of ['primary', 'secondary'] as const) {
        const closed: string[] = [];
        const side =
          (name: 'primary' | 'secondary') =>
          (store: ResultStore): ResultStore => ({
            ...store,
            async close() {
              await store.close();
              closed.push(name);
              if (name === refusing) throw new ResultError('RB_STORE', `the ${name} did not close in order`);
            },
          });
        const { pair } = await pairOf(t, { primary: side('primary'), secondary: side('secondary') });
        t.same(await stateOf(pair, t.id()), undefined, 'a read before the pair is closed');
        const error = await t.rejects(pair.store.close(), 'RB_STORE', `close, which the ${refusing} refuses`);
        t.that(
          error.message.includes(refusing),
          `the refusal of the ${refusing} is not what close reports: ${error.message}`,
        );
        t.same(closed.toSorted(), ['primary', 'secondary'], `sides closed where the ${refusing} refuses`);
      }
      const sound = await pairOf(t);
      await sound.pair.store.close();
      await t.rejects(sound.pair.store.get([t.id()]), 'RB_CLOSED', 'a get after close');
    },
  },
];

type Spoil = Pick<PairOptions, 'primary' | 'secondary'>;

/** Two stores of which neither has what the other has. */
const NOTHING_IN_COMMON: Spoil = {
  primary: (store) => ({ ...store, notify: undefined, scan: undefined, stats: undefined }),
  secondary: (store) => ({ ...store, expiry: undefined, groups: undefined }),
};

async function judgeDeclarations(t: ClauseContext, spoil: Spoil): Promise<void> {
  const { pair, primary, secondary } = await pairOf(t, spoil);
  const declared = (store: ResultStore): string[] =>
    CAPABILITIES.filter((name) => (name === 'sweep' ? store.expiry?.sweep : store[name]) !== undefined);
  const [a, b] = [spoil.primary?.(primary.bare) ?? primary.bare, spoil.secondary?.(secondary.bare) ?? secondary.bare];
  t.same(
    declared(pair.bare),
    declared(a).filter((name) => declared(b).includes(name)),
    `capabilities of a pair of a store with ${declared(a).join()} and one with ${declared(b).join()}`,
  );
  const { durable, maxBytes, keeps } = pair.bare.traits;
  t.same(durable, a.traits.durable && b.traits.durable, 'traits.durable of the pair');
  // What the primary accepts is accepted; what is too large for the secondary is a divergence.
  t.same(maxBytes, a.traits.maxBytes, 'traits.maxBytes of the pair');
  const common = [a.traits.keeps, b.traits.keeps].filter((each) => each !== 'all');
  const kept = common.reduce((left, right) => left.filter((key) => right.includes(key)), common[0] ?? []);
  t.same(keeps, common.length === 0 ? 'all' : kept, 'traits.keeps of the pair');
}

/** A side that hangs until its call is aborted: the pair must pass the signal on. */
async function judgeAborts(t: ClauseContext): Promise<void> {
  for (const side of ['primary', 'secondary'] as const) {
    let isAsked = false;
    const hanging = (store: ResultStore): ResultStore => ({
      ...store,
      put(_records, options) {
        isAsked = true;
        return new Promise((_resolve, reject) => {
          const abort = (): void => reject(new ResultError('RB_ABORTED', `the put into the ${side} was aborted`));
          options?.signal?.addEventListener('abort', abort, { once: true });
        });
      },
    });
    const { pair } = await pairOf(t, { [side]: hanging });
    const what = `a put aborted while the ${side} does not answer`;
    const controller = new AbortController();
    let isSettled = false;
    const judged = t
      .rejects(pair.store.put([t.record()], { signal: controller.signal }), 'RB_ABORTED', what)
      .finally(() => {
        isSettled = true;
      });
    judged.catch(() => {});
    await t.eventually(`a put that reaches the ${side}`, () => isAsked || isSettled);
    controller.abort();
    await t.eventually(what, () => isSettled);
    await judged;
  }
}

/** Sides that have no capability in common. */
async function bareWorld(t: ClauseContext): Promise<World> {
  const world = await t.harness.world();
  const { sides } = world;
  if (sides === undefined) return t.fail('the world of a pair has no sides');
  return {
    ...world,
    raw: undefined,
    open: (variant) => openPair(dualOf(t), sides, { ...NOTHING_IN_COMMON, variant }),
  };
}
