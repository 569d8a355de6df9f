import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createResultBackend, isFinal, isReady, type PutOutcome, type Route, type TaskRecord } from '@rb/core';
import { closeAll } from './close-all.js';
import type { ClauseContext, ContextParts, OpenStore } from './context.js';
import { NotChecked, show, Violation } from './evidence.js';
import { startSecondProcess } from './second-process.js';
import { CONFIDENTIAL } from './trace.js';
import { startWatching } from './watching.js';

/** Something to close after the clause, in the order in which it was made. */
type Closer = () => Promise<unknown>;

export interface OpenContext {
  readonly context: ClauseContext;
  /** Closes all that the clause opened, within the budget whatever the store does; rejects where the world's own dispose() does. */
  dispose(): Promise<void>;
}

/** Between two looks at something that must become true. */
const PROBE_MS = 5;

/** Long enough to be no accident of rounding, short where the kit really waits. */
const REAL_TTL_MS = 400;
const MOVABLE_TTL_MS = 60_000;

export async function createContext(parts: ContextParts): Promise<OpenContext> {
  const { harness, world, facts, budget, evidence, random } = parts;
  const closers = new Set<Closer>();
  const retiring = new Map<OpenStore, Closer>();
  const { clock } = world;
  let opened = 0;
  let named = 0;

  const open: ClauseContext['open'] = async (variant = 'default') => {
    const handle = await world.open(variant);
    if (handle === null) throw new NotChecked('no-power', `the harness cannot open '${variant}'`);
    const name = String.fromCharCode('A'.charCodeAt(0) + (opened % 26));
    opened += 1;
    return adopt(name, handle);
  };
  const adopt: ClauseContext['adopt'] = (name, handle) => {
    const { store: bare, secret } = handle;
    const opened: OpenStore = { name, store: parts.trace(name, bare, secret), bare, handle };
    const close = async (): Promise<void> => {
      await bare.close();
      await handle.dispose?.();
    };
    closers.add(close);
    retiring.set(opened, close);
    return opened;
  };
  const writer = await open();
  const reader = await open();

  const now = (): number => (clock.kind === 'virtual' ? clock.now() : Date.now());
  const realTtlMs = Math.max((reader.bare.expiry?.resolutionMs ?? 0) * 10, REAL_TTL_MS) * (harness.patience ?? 1);

  const record: ClauseContext['record'] = (fields = {}) => {
    const state = fields.state ?? 'SUCCESS';
    return {
      taskId: id(),
      state,
      result: CONFIDENTIAL,
      traceback: null,
      doneAt: isReady(state) ? now() : null,
      meta: {},
      expiresAt: null,
      ...fields,
    };
  };
  const id = (suffix = ''): string => {
    named += 1;
    return `${random.below(2 ** 32).toString(36)}-${named}${suffix && `-${suffix}`}`;
  };

  const routes = new Map<string, Route>();
  /** What the rule of states makes of all that was put, so that an owner's reader knows what to wait for. */
  const due = new Map<string, TaskRecord>();
  const putAll: ClauseContext['putAll'] = async (through, records, options) => {
    const { routing } = reader.store;
    if (!routing) return through.store.put(records, options);
    for (const { taskId } of records) {
      if (!routes.has(taskId)) routes.set(taskId, await routing.route(taskId));
    }
    const outcomes = await through.store.put(records, { ...options, routes });
    records.forEach((each, i) => {
      const outcome = outcomes[i];
      const isAccepted = outcome !== undefined && !('refused' in outcome);
      if (isAccepted && !isFinal(due.get(each.taskId)?.state ?? '')) due.set(each.taskId, each);
    });
    return outcomes;
  };
  const putOne: ClauseContext['putOne'] = async (through, fields, options) => {
    const outcomes = await putAll(through, [record(fields)], options);
    evidence.same(outcomes.length, 1, 'outcomes of a put of one record');
    return outcomes[0] as PutOutcome;
  };

  const readNow = async (through: OpenStore, taskId: string): Promise<TaskRecord | undefined> => {
    const outcomes = await through.store.get([taskId]);
    evidence.same(outcomes.length, 1, 'entries of a get of one id');
    const [outcome] = outcomes;
    if (outcome && 'refused' in outcome)
      throw new Violation(`get: the stored record was refused: ${show(outcome.refused)}`);
    return outcome;
  };
  const read: ClauseContext['read'] = async (through, taskId) => {
    const expected = due.get(taskId);
    if (expected === undefined) return readNow(through, taskId);
    // Messages travel: wait for the last that counts, then for what must not follow it.
    const until = performance.now() + budget.settleMs;
    for (;;) {
      const found = await readNow(through, taskId);
      const arrived = found?.state === expected.state && isDeepStrictEqual(found.result, expected.result);
      if (arrived || performance.now() > until) break;
      await sleep(PROBE_MS);
    }
    if (isFinal(expected.state)) await sleep(budget.quietMs / 4);
    return readNow(through, taskId);
  };

  const context: ClauseContext = {
    ...evidence,
    ...budget,
    harness,
    world,
    facts,
    profile: parts.profile,
    seed: parts.seed,
    random,
    writer,
    reader,
    open,
    adopt,
    async retire(of) {
      const close = retiring.get(of);
      if (close === undefined || !closers.delete(close)) return;
      retiring.delete(of);
      await close();
    },
    check: parts.check,
    backend(over, options = {}) {
      const store = 'handle' in over ? over.store : over;
      const make = harness.backend ?? createResultBackend;
      const backend = make(store, { retry: false, now, ...options });
      closers.add(() => backend.close());
      return backend;
    },
    id,
    record,
    putAll,
    putOne,
    async put(through, fields = {}) {
      const taskId = fields.taskId ?? id();
      const outcome = await putOne(through, { ...fields, taskId });
      if ('refused' in outcome) throw new Violation(`put: a sound record was refused: ${show(outcome.refused)}`);
      return taskId;
    },
    read,
    get: (through, taskIds, options) => through.store.get(taskIds, options),
    async watch(through, taskIds, options) {
      const watching = await startWatching(through.store, taskIds, {
        settleMs: budget.settleMs,
        note: (text) => parts.note(`${through.name} ${text}`),
        watch: options,
      });
      closers.add(() => watching.close());
      return watching;
    },
    async eventually(what, probe, withinMs = budget.settleMs) {
      const until = performance.now() + withinMs;
      for (;;) {
        const found = await probe();
        if (found !== undefined && found !== false) return found;
        if (performance.now() > until) throw new Violation(`${what}: not within ${withinMs} ms`);
        await sleep(PROBE_MS);
      }
    },
    quiet: () => sleep(budget.quietMs),
    sleep: (ms) => sleep(ms),
    now,
    ttlMs: clock.kind === 'real' ? realTtlMs : MOVABLE_TTL_MS,
    async pass(ms, ...ids) {
      parts.note(`${ms} ms go by`);
      if (clock.kind === 'virtual') await clock.advance(ms);
      else if (clock.kind === 'ageing') for (const each of ids) await clock.age(each, ms);
      else await sleep(ms);
    },
    link(of) {
      if (of.handle.link) return of.handle.link;
      throw new NotChecked('no-power', `handle ${of.name} has no link`);
    },
    async secondProcess(job, args) {
      const started = await startSecondProcess(harness, world, job, args);
      closers.add(() => started.kill());
      return started;
    },
    get raw() {
      if (world.raw) return world.raw;
      throw new NotChecked('no-power', 'the world has no raw access');
    },
    note: parts.note,
    notVerifiable(reason) {
      throw new NotChecked('not-verifiable', reason);
    },
    findings: parts.findings,
    strays: parts.strays,
  };

  return {
    context,
    async dispose() {
      // Backends and subscriptions first.
      await closeAll([...closers].toReversed(), budget.settleMs);
      await world.dispose();
    },
  };
}
