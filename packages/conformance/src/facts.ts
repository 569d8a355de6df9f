import type { StoreTraits } from '@rb/core';
import type { Clause, Need, Status } from './clause.js';
import { closeAll } from './close-all.js';
import type { Clock, Harness, OpenVariant } from './harness.js';

/** What a store declares and its harness can do, asked once per run. */
export interface Facts {
  readonly storeName: string;
  readonly traits: StoreTraits;
  readonly capabilities: readonly Capability[];
  /** Of expiry; undefined where there is none. */
  readonly expiryResolutionMs: number | undefined;
  readonly clock: Clock['kind'];
  readonly faults: boolean;
  readonly raw: boolean;
  readonly vectors: boolean;
  readonly restart: boolean;
  readonly secondProcess: boolean;
  readonly dual: boolean;
}

export const CAPABILITIES = ['notify', 'expiry', 'sweep', 'groups', 'scan', 'stats', 'routing'] as const;
type Capability = (typeof CAPABILITIES)[number];

/** Beyond it, filling a store up to its limit proves little and takes long. */
const MAX_FILLED_BYTES = 64 * 2 ** 20;

/** @param settleMs How long closing that first handle may take; what it should take is a clause's business. */
export async function factsOf(harness: Harness, settleMs: number): Promise<Facts> {
  const world = await harness.world();
  const closers: (() => unknown)[] = [() => world.dispose()];
  try {
    const handle = await world.open();
    if (handle === null) throw new Error(`${harness.name}: open() gave null; the default handle must be had`);
    const { store, link } = handle;
    closers.unshift(
      () => store.close(),
      () => handle.dispose?.(),
    );
    const has = (capability: Capability): boolean =>
      capability === 'sweep' ? store.expiry?.sweep !== undefined : store[capability] !== undefined;
    return {
      storeName: store.name,
      traits: store.traits,
      capabilities: CAPABILITIES.filter(has),
      expiryResolutionMs: store.expiry?.resolutionMs,
      clock: world.clock.kind,
      faults: link !== undefined,
      raw: world.raw !== undefined,
      vectors: (world.raw?.vectors?.length ?? 0) > 0,
      restart: world.restart !== undefined,
      secondProcess: harness.module !== undefined && world.token !== undefined,
      dual: harness.dual !== undefined && world.sides !== undefined,
    };
  } finally {
    await closeAll(closers, settleMs);
  }
}

export interface Gate {
  readonly status: Exclude<Status, 'pass' | 'fail' | 'warn'>;
  readonly reason: string;
}

/** The variants of `open` are found out by opening them. */
type GatedNeed = Exclude<Need, OpenVariant>;

/** The first reason why the clause cannot be judged; undefined where it can. */
export function gateOf(clause: Clause, facts: Facts): Gate | undefined {
  for (const need of clause.needs ?? []) {
    const gate = need in GATES ? GATES[need as GatedNeed](facts) : undefined;
    if (gate) return gate;
  }
  return undefined;
}

const declared =
  (holds: (facts: Facts) => boolean, reason: string) =>
  (facts: Facts): Gate | undefined =>
    holds(facts) ? undefined : { status: 'not-declared', reason };

const capability = (name: Capability): ((facts: Facts) => Gate | undefined) =>
  declared(({ capabilities }) => capabilities.includes(name), `the store declares no ${name}`);

const power =
  (holds: (facts: Facts) => boolean, reason: string) =>
  (facts: Facts): Gate | undefined =>
    holds(facts) ? undefined : { status: 'no-power', reason };

const verifiable =
  (holds: (facts: Facts) => boolean, reason: string) =>
  (facts: Facts): Gate | undefined =>
    holds(facts) ? undefined : { status: 'not-verifiable', reason };

const GATES: Readonly<Record<GatedNeed, (facts: Facts) => Gate | undefined>> = {
  notify: capability('notify'),
  expiry: capability('expiry'),
  sweep: capability('sweep'),
  groups: capability('groups'),
  scan: capability('scan'),
  stats: capability('stats'),
  'any-reader': declared(({ traits }) => traits.readers === 'any', "traits.readers is 'owner'"),
  owner: declared(({ traits }) => traits.readers === 'owner', "traits.readers is 'any'"),
  durable: declared(({ traits }) => traits.durable, 'traits.durable is false'),
  'bounded-size': verifiable(
    ({ traits }) => traits.maxBytes <= MAX_FILLED_BYTES,
    'traits.maxBytes is above 64 MiB, which no clause fills',
  ),
  'holds-1-mib': declared(({ traits }) => traits.maxBytes > 2 ** 20 + 2 ** 16, 'traits.maxBytes is below 1 MiB'),
  faults: power(({ faults }) => faults, 'the handles have no link: see @rb/conformance/tcp-proxy'),
  raw: power(({ raw }) => raw, 'the world has no raw access'),
  vectors: power(({ vectors }) => vectors, 'the world has no golden vectors'),
  restart: power(({ restart }) => restart, 'the world has no restart()'),
  'second-process': power(
    ({ secondProcess }) => secondProcess,
    'the harness has no module, or the world no token: no second process can join',
  ),
  'movable-clock': power(({ clock }) => clock !== 'real', 'the clock is real: years cannot be waited for'),
  'virtual-clock': power(({ clock }) => clock === 'virtual', 'the clock cannot be set'),
  'raw-or-scan': power(
    ({ raw, capabilities }) => raw || capabilities.includes('scan'),
    'the world has no raw access and the store no scan',
  ),
  dual: power(({ dual }) => dual, 'the store is no pair: see dualHarness'),
  // Decided by the profile, before the facts are known.
  soak: () => undefined,
};
