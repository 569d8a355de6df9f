import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  abortable,
  type CallOptions,
  type GetOutcome,
  type NotifyCapability,
  ResultError,
  type Subscription,
  throwIfAborted,
  type WatchHandler,
} from '@rb/core';
import { isBefore, later, type Moment } from './moment.js';
import { pace } from './pace.js';

export interface WatchSource {
  /** Whether anyone may have written since the last call. */
  changed(): Promise<boolean>;
  /** What is stored under each id now, as a word that differs after every write; an id without a row has no entry. */
  versions(taskIds: readonly string[], options?: CallOptions): Promise<Found<string>>;
  get(taskIds: readonly string[]): Promise<readonly GetOutcome[]>;
  /** Both at once: for ids that were most likely written. */
  latest?(taskIds: readonly string[]): Promise<Found<Latest>>;
  /** Comes before listening: what that needs is made where it is missing. */
  prepare?(): Promise<void>;
  /** What `latest` would have found right after the write; undefined where the notification does not say all of it. */
  told?(written: Written): Latest | undefined;
}

export interface Found<T> {
  readonly byId: ReadonlyMap<string, T>;
  /** Where writes are told together with what they left: when this was read. */
  readonly asOf?: Moment | undefined;
}

export interface Latest {
  readonly version: string;
  readonly outcome: GetOutcome;
}

/** A write that is told with the row it left, as its columns in JSON. Of one id they come in the order of their commits. */
export interface Written {
  readonly taskId: string;
  readonly transaction: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/** What a listener calls. */
export interface Told {
  /** It hears from now on. Whatever was written before may have gone unheard. */
  live(): void;
  /** Any of them may have been written. */
  any(): void;
  wrote(taskIds: readonly string[]): void;
  row(written: Written): void;
  /** Of others nothing need be told. */
  isWatched(taskId: string): boolean;
}

/** Hears of writes sooner than the poll does; need not hear of all. */
export interface Listener {
  /** Called with every new watcher. Resolves once the first attempt to connect has succeeded or failed; never rejects. */
  start(): Promise<void>;
  /** Nobody watches any more; may be started again. */
  stop(): void;
}

export type Listen = (told: Told) => Listener;

export interface WatchOptions {
  readonly pollMs: number;
  /** What the interval grows to while nothing happens. @default pollMs */
  readonly maxPollMs?: number | undefined;
  readonly listen?: Listen | undefined;
  readonly onBackgroundError: (error: unknown) => void;
}

export interface Watch extends NotifyCapability {
  /** These were just written by this store: look at once. */
  wrote(taskIds: readonly string[]): void;
  isWatched(taskId: string): boolean;
  /** Somebody has read this: what is told afterwards is no older. */
  read(found: Found<unknown>): void;
  close(): void;
}

/** Ids looked up in one go; more would keep the event loop from others for more than a few milliseconds. */
const CHUNK = 1_000;
/** Of one look; an id that is written without a pause is looked at again with the next. */
const PASSES = 3;
/** The version of an id that has no row. */
const NOTHING = '';

/** What watchers of an id were told, or found when they began. */
interface Seen {
  readonly version: string;
  /** Of the last read. */
  readonly asOf?: Moment | undefined;
  /** The last one that was told by its notification, where no read has seen it yet. */
  readonly transaction?: number | undefined;
  /** How many answers in a row came later than those to later questions. */
  readonly overtaken?: number | undefined;
}

/** Who is overtaken more often asks another server, which numbers its transactions differently. */
const MAX_OVERTAKEN = 20;

/**
 * Notification for databases that cannot push: one cheap question per `pollMs` for all subscriptions, and only after a
 * change one look at the versions of all watched ids; records are read only where the version is new.
 */
export function pollingWatch(source: WatchSource, options: WatchOptions): Watch {
  const { pollMs, maxPollMs = pollMs, listen, onBackgroundError } = options;
  const rhythm = pace(pollMs, maxPollMs);
  const watchers = new Map<string, Set<Watcher>>();
  const seen = new Map<string, Seen>();
  const suspects = new Set<string>();
  /** Of these somebody has said so. */
  const written = new Set<string>();
  /** What was heard in this turn. */
  const heard = new Map<string, Written>();
  let hearing = false;
  let polling = false;
  let looking: Promise<void> | undefined;

  // An id without an entry in `seen` is being added: its baseline is read by `add`.
  const isNews = (id: string, { byId }: Found<string>): boolean =>
    seen.has(id) && seen.get(id)?.version !== (byId.get(id) ?? NOTHING);

  /** After the connection was another one nothing is known of when an id was read. */
  const settle = (id: string, asOf: Moment | undefined): void => {
    const last = seen.get(id);
    if (asOf !== undefined && last !== undefined && last.asOf === undefined) seen.set(id, { ...last, asOf });
  };

  const look = async (taskIds: readonly string[]): Promise<void> => {
    let news = taskIds;
    const told = new Map<string, GetOutcome>();
    for (let pass = 0; pass < PASSES; pass++) {
      const versions = await source.versions(news);
      for (const id of news) settle(id, versions.asOf);
      news = news.filter((id) => isNews(id, versions));
      if (news.length === 0) return;
      rhythm.hurry();
      if (source.latest) return lookAtWritten(news);
      for (const [index, outcome] of (await source.get(news)).entries()) {
        const id = news[index] ?? '';
        if (!watchers.has(id)) continue;
        seen.set(id, { version: versions.byId.get(id) ?? NOTHING });
        // What was written after the look at the versions is read and told already, and is not told twice.
        if (outcome !== undefined && !isDeepStrictEqual(outcome, told.get(id))) tell(watchers.get(id), outcome);
        told.set(id, outcome);
      }
    }
  };

  const lookAtWritten = async (taskIds: readonly string[]): Promise<void> => {
    const { byId, asOf } = (await source.latest?.(taskIds)) ?? { byId: new Map<string, Latest>() };
    for (const id of taskIds) {
      const last = seen.get(id);
      if (last === undefined) continue;
      // What was told meanwhile is newer.
      if (last.transaction !== undefined && asOf && isBefore(asOf, last.transaction)) continue;
      // Somebody has read what is newer, and nobody was told of it yet.
      const { overtaken = 0 } = last;
      if (later(last.asOf, asOf) !== asOf && overtaken < MAX_OVERTAKEN) {
        seen.set(id, { ...last, overtaken: overtaken + 1 });
        written.add(id);
        continue;
      }
      const { version = NOTHING, outcome } = byId.get(id) ?? {};
      seen.set(id, { version, asOf });
      if (last.version !== version && outcome !== undefined) tell(watchers.get(id), outcome);
    }
  };

  /** False where this must be asked for: it may be older than what was read, and told or returned. */
  const tellWritten = (write: Written): boolean => {
    const { taskId: id, transaction } = write;
    const asOf = seen.get(id)?.asOf;
    if (asOf === undefined || !isBefore(asOf, transaction)) return false;
    const latest = source.told?.(write);
    if (latest === undefined) return false;
    seen.set(id, { version: latest.version, asOf, transaction });
    if (latest.outcome !== undefined) tell(watchers.get(id), latest.outcome);
    return true;
  };

  const tell = (told: ReadonlySet<Watcher> = new Set(), outcome: NonNullable<GetOutcome>): void => {
    for (const watcher of [...told]) {
      try {
        if (watcher.taskIds.has(outcome.taskId)) watcher.handler.record(outcome);
      } catch (error) {
        onBackgroundError(error);
      }
    }
  };

  const all = (): ReadonlySet<Watcher> => new Set([...watchers.values()].flatMap((set) => [...set]));

  const tellGap = (): void => {
    for (const { handler } of all()) {
      try {
        handler.gap();
      } catch (error) {
        onBackgroundError(error);
      }
    }
  };

  const lookAtAll = async (): Promise<void> => {
    while (written.size + suspects.size > 0) {
      const [ids, lookAt] = written.size > 0 ? [written, lookAtWritten] : [suspects, look];
      const chunk = takeFrom(ids, CHUNK);
      try {
        await lookAt(chunk);
      } catch (error) {
        for (const id of chunk) suspects.add(id);
        throw error;
      }
      if (written.size + suspects.size > 0) await nextTurn();
    }
  };

  /** One at a time, so that no change is told twice. */
  const lookAtSuspects = async (): Promise<void> => {
    looking ??= lookAtAll().finally(() => {
      looking = undefined;
    });
    await looking;
    // What came up between the last look and its end would wait for the poll.
    if (written.size + suspects.size > 0) await lookAtSuspects();
  };

  const poll = async (): Promise<void> => {
    polling = true;
    for (;;) {
      await rhythm.rest();
      if (watchers.size === 0) break;
      const start = performance.now();
      try {
        if (await source.changed()) for (const id of watchers.keys()) suspects.add(id);
        await lookAtSuspects();
        // What happened meanwhile may be told by nothing: another file may be there, with the same versions.
        if (rhythm.failures > 0) tellGap();
        rhythm.looked(performance.now() - start);
      } catch (error) {
        rhythm.failed();
        onBackgroundError(error);
      }
    }
    polling = false;
  };

  const suspect = (taskIds: Iterable<string>, suspected: Set<string>): void => {
    for (const id of taskIds) if (watchers.has(id)) suspected.add(id);
    if (suspected.size === 0) return;
    rhythm.hurry();
    lookAtSuspects().catch(onBackgroundError);
  };
  const wrote = (taskIds: readonly string[]): void => suspect(taskIds, source.latest ? written : suspects);

  /** At the end of the turn, as one transaction may write a row several times: only what it leaves is ever seen by others. */
  const hearSoon = (): void => {
    if (hearing) return;
    hearing = true;
    queueMicrotask(() => {
      hearing = false;
      for (const [id, write] of heard) if (!tellWritten(write)) written.add(id);
      heard.clear();
      if (written.size > 0) wrote([]);
    });
  };

  const listener = listen?.({
    isWatched: (taskId) => watchers.has(taskId),
    live() {
      // Another server may answer now, which numbers its transactions differently.
      for (const [id, { version }] of seen) seen.set(id, { version });
      suspect(watchers.keys(), suspects);
    },
    any: () => suspect(watchers.keys(), suspects),
    wrote(taskIds) {
      for (const id of taskIds) if (watchers.has(id)) written.add(id);
      if (written.size > 0) hearSoon();
    },
    row(write) {
      heard.set(write.taskId, write);
      written.delete(write.taskId);
      hearSoon();
    },
  });

  const startListening = async (listener: Listener): Promise<void> => {
    await source.prepare?.();
    await listener.start();
  };

  const forget = (watcher: Watcher, taskIds: Iterable<string>): void => {
    for (const id of taskIds) {
      watcher.taskIds.delete(id);
      const others = watchers.get(id);
      others?.delete(watcher);
      if (others?.size !== 0) continue;
      watchers.delete(id);
      seen.delete(id);
      suspects.delete(id);
      written.delete(id);
      heard.delete(id);
    }
    if (watchers.size === 0) listener?.stop();
  };

  const add = async (watcher: Watcher, taskIds: readonly string[], options?: CallOptions): Promise<void> => {
    const fresh = taskIds.filter((id) => !watcher.taskIds.has(id));
    for (const id of fresh) {
      watcher.taskIds.add(id);
      const others = watchers.get(id);
      if (others === undefined) watchers.set(id, new Set([watcher]));
      else others.add(watcher);
    }
    try {
      if (listener) await abortable(startListening(listener), options?.signal, 'watching');
      // What is there now was written before, so it is not news.
      const unseen = fresh.filter((id) => !seen.has(id));
      for (let from = 0; from < unseen.length; from += CHUNK) {
        const chunk = unseen.slice(from, from + CHUNK);
        const { byId, asOf } = await source.versions(chunk, options);
        for (const id of chunk)
          if (watchers.has(id) && !seen.has(id)) seen.set(id, { version: byId.get(id) ?? NOTHING, asOf });
      }
    } catch (error) {
      forget(watcher, fresh);
      throw error;
    }
    rhythm.hurry();
    if (!polling) void poll();
  };

  const subscribe = (handler: WatchHandler): Subscription => {
    const watcher: Watcher = { handler, taskIds: new Set() };
    let closed = false;
    return {
      async add(taskIds, options) {
        if (closed) throw new ResultError('RB_CLOSED', 'watching failed: the subscription is closed');
        throwIfAborted(options?.signal, 'watching');
        await add(watcher, taskIds, options);
      },
      remove: (taskIds) => forget(watcher, taskIds),
      async close() {
        closed = true;
        forget(watcher, watcher.taskIds);
      },
    };
  };

  return {
    subscribe,
    wrote,
    isWatched: (taskId) => watchers.has(taskId),
    read({ byId, asOf }) {
      for (const id of byId.keys()) {
        const last = seen.get(id);
        if (last) seen.set(id, { ...last, asOf: later(last.asOf, asOf) });
      }
    },
    close() {
      for (const watcher of all()) forget(watcher, watcher.taskIds);
    },
  };
}

function takeFrom(ids: Set<string>, limit: number): string[] {
  const taken: string[] = [];
  for (const id of ids) {
    if (taken.length === limit) break;
    taken.push(id);
    ids.delete(id);
  }
  return taken;
}

interface Watcher {
  readonly handler: WatchHandler;
  readonly taskIds: Set<string>;
}
