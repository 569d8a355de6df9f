import {
  type CallOptions,
  CONTRACT_VERSION,
  type GetOutcome,
  isFinal,
  isResultError,
  ResultError,
  type ResultStore,
  type StoreTraits,
  type TaskRecord,
  throwIfAborted,
} from '@rb/core';
import type { DualOptions } from '../dual.js';
import { dualExpiry, dualGroups, dualStats, dualTraits } from './dual-capabilities.js';
import { dualScan } from './dual-scan.js';
import { dualNotify } from './dual-watch.js';
import { snapshot } from './snapshot.js';

/**
 * Two stores as one: the primary decides and is written first, the secondary follows and is read where the primary has
 * nothing. A SUCCESS in either is final for both.
 */
export function dualStore({ primary, secondary, onDivergence }: DualOptions): ResultStore {
  const traits = dualTraits(primary.traits, secondary.traits);

  const get: ResultStore['get'] = async (taskIds, options) => {
    const found = await primary.get(taskIds, options);
    const open = taskIds.filter((_, at) => !isFinalRecord(found[at]));
    if (open.length === 0) return found;
    const others = new Map<string, GetOutcome>();
    try {
      const read = await secondary.get(open, options);
      for (const [at, taskId] of open.entries()) others.set(taskId, read[at]);
    } catch (error) {
      throwIfAborted(options?.signal, 'the get');
      // What the primary has is an answer; what it has not may well be in the secondary.
      if (found.includes(undefined)) throw error;
    }
    return taskIds.map((taskId, at) => {
      const other = others.get(taskId);
      return isFinalRecord(other) ? other : (found[at] ?? other);
    });
  };

  /** Writes what the primary holds into the secondary; what each task missed there. */
  async function follow(copies: readonly TaskRecord[], options: CallOptions): Promise<Map<string, ResultError>> {
    const missed = new Map<string, ResultError>();
    try {
      const outcomes = copies.length > 0 ? await secondary.put(copies, options) : [];
      for (const [at, outcome] of outcomes.entries()) {
        if ('refused' in outcome) missed.set((copies[at] as TaskRecord).taskId, outcome.refused);
      }
      // Somebody else wrote a SUCCESS there a moment ago.
      const late = copies.filter(({ state }, at) => !isFinal(state) && isRefusal(outcomes[at]));
      if (late.length > 0) await primary.put(await finalsOf(secondary, idsOf(late), options), options);
    } catch (cause) {
      const error = isResultError(cause) ? cause : new ResultError('RB_STORE', 'the secondary failed', { cause });
      for (const { taskId } of copies) missed.set(taskId, error);
    }
    return missed;
  }

  return {
    contract: CONTRACT_VERSION,
    name: `${primary.name} and ${secondary.name}`,
    traits,
    get,
    async put(given, options = {}) {
      throwIfAborted(options.signal, 'the put');
      const records = given.map((record) => keptOf(snapshot(record), traits.keeps));
      // Where this fails, what follows tells of it.
      const finals = await finalsOf(secondary, idsOf(records), options).catch(() => []);
      if (finals.length > 0) await primary.put(finals, options);
      const outcomes = await primary.put(records, options);
      // A record that is there already is copied too: an earlier put may not have come so far.
      const there = records.filter((_, at) => isRefusal(outcomes[at]));
      const kept = there.length > 0 ? await finalsOf(primary, idsOf(there), options).catch(() => []) : [];
      const missed = await follow([...records.filter((_, at) => isApplied(outcomes[at])), ...kept], options);
      for (const [taskId, error] of missed) onDivergence({ taskId, error });
      if (missed.size > 0) throwIfAborted(options.signal, 'the put');
      return outcomes;
    },
    async delete(taskIds, options) {
      const ids = [...new Set(taskIds)];
      const found = await primary.get(ids, options);
      const [both, alone] = [ids.filter((_, at) => found[at]), ids.filter((_, at) => !found[at])];
      // The secondary first: what the primary lost and the secondary kept would be back at the next read.
      await secondary.delete(both, options);
      const counts = [await secondary.delete(alone, options), await primary.delete(both, options)];
      return counts.reduce((sum, count) => sum + count);
    },
    async close() {
      const [first, second] = await Promise.allSettled([primary.close(), secondary.close()]);
      if (first.status === 'rejected') throw first.reason;
      if (second.status === 'rejected') throw second.reason;
    },
    notify: dualNotify(primary, secondary, get),
    expiry: dualExpiry(primary, secondary),
    groups: dualGroups(primary, secondary),
    scan: dualScan(primary, secondary, get),
    stats: dualStats(primary, secondary),
  };
}

/** What one side drops the other drops too: two copies that differ would be a divergence. */
function keptOf({ verbatim, ...record }: TaskRecord, keeps: StoreTraits['keeps']): TaskRecord {
  if (keeps === 'all') return { ...record, ...(verbatim && { verbatim }) };
  return { ...record, meta: Object.fromEntries(Object.entries(record.meta).filter(([key]) => keeps.includes(key))) };
}

const isFinalRecord = (outcome: GetOutcome): outcome is TaskRecord =>
  outcome !== undefined && 'state' in outcome && isFinal(outcome.state);

const isApplied = (outcome: object | undefined): boolean =>
  outcome !== undefined && 'applied' in outcome && outcome.applied === true;

/** Refused by the rule of states. */
const isRefusal = (outcome: object | undefined): boolean =>
  outcome !== undefined && 'applied' in outcome && outcome.applied === false;

const idsOf = (records: readonly TaskRecord[]): readonly string[] => [...new Set(records.map(({ taskId }) => taskId))];

async function finalsOf(
  store: ResultStore,
  taskIds: readonly string[],
  { signal }: CallOptions,
): Promise<readonly TaskRecord[]> {
  return (await store.get(taskIds, { signal, verbatim: true })).filter(isFinalRecord);
}
