import {
  abortable,
  type CallOptions,
  type NotifyCapability,
  ResultError,
  type Subscription,
  throwIfAborted,
  type WatchHandler,
} from '@rb/core';
import { CHUNK, lookout } from './lookout.js';
import { pace } from './pace.js';
import { Sightings } from './sightings.js';
import type { Found, Listen, Listener, WatchSource, Written } from './watch-source.js';
import { type Watcher, Watchers } from './watchers.js';

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

/**
 * Notification for databases that cannot push: one cheap question per `pollMs` for all subscriptions, and only after a
 * change one look at the versions of all watched ids; records are read only where the version is new.
 */
export function pollingWatch(source: WatchSource, options: WatchOptions): Watch {
  const { pollMs, maxPollMs = pollMs, listen, onBackgroundError } = options;
  const rhythm = pace(pollMs, maxPollMs);
  const watchers = new Watchers(onBackgroundError);
  const sightings = new Sightings();
  const looks = lookout({ source, watchers, sightings, hurry: rhythm.hurry });
  /** What was heard in this turn. */
  const heard = new Map<string, Written>();
  let hearing = false;
  let polling = false;

  /** False where this must be asked for: it may be older than what was read, and told or returned. */
  const tellWritten = (write: Written): boolean => {
    const latest = sightings.isNewer(write) ? source.told?.(write) : undefined;
    if (latest === undefined) return false;
    sightings.told(write, latest);
    if (latest.outcome !== undefined) watchers.tell(latest.outcome);
    return true;
  };

  const poll = async (): Promise<void> => {
    polling = true;
    for (;;) {
      await rhythm.rest();
      if (watchers.isEmpty) break;
      const start = performance.now();
      try {
        if (await source.changed()) for (const id of watchers.ids()) looks.suspects.add(id);
        await looks.look();
        // What happened meanwhile may be told by nothing: another file may be there, with the same versions.
        if (rhythm.failures > 0) watchers.tellGap();
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
    looks.look().catch(onBackgroundError);
  };
  const wrote = (taskIds: readonly string[]): void => suspect(taskIds, source.latest ? looks.written : looks.suspects);

  /** At the end of the turn, as one transaction may write a row several times: only what it leaves is ever seen by others. */
  const hearSoon = (): void => {
    if (hearing) return;
    hearing = true;
    queueMicrotask(() => {
      hearing = false;
      for (const [id, write] of heard) if (!tellWritten(write)) looks.written.add(id);
      heard.clear();
      if (looks.written.size > 0) wrote([]);
    });
  };

  const listener = listen?.({
    isWatched: (taskId) => watchers.has(taskId),
    live() {
      sightings.reconnected();
      suspect(watchers.ids(), looks.suspects);
    },
    any: () => suspect(watchers.ids(), looks.suspects),
    wrote(taskIds) {
      for (const id of taskIds) if (watchers.has(id)) looks.written.add(id);
      if (looks.written.size > 0) hearSoon();
    },
    row(write) {
      heard.set(write.taskId, write);
      looks.written.delete(write.taskId);
      hearSoon();
    },
  });

  const startListening = async (listener: Listener): Promise<void> => {
    await source.prepare?.();
    await listener.start();
  };

  const forget = (watcher: Watcher, taskIds: Iterable<string>): void => {
    for (const id of taskIds) {
      if (!watchers.remove(watcher, id)) continue;
      sightings.forget(id);
      looks.forget(id);
      heard.delete(id);
    }
    if (watchers.isEmpty) listener?.stop();
  };

  const add = async (watcher: Watcher, taskIds: readonly string[], options?: CallOptions): Promise<void> => {
    const fresh = taskIds.filter((id) => !watcher.taskIds.has(id));
    for (const id of fresh) watchers.add(watcher, id);
    try {
      if (listener) await abortable(startListening(listener), options?.signal, 'watching');
      // What is there now was written before, so it is not news.
      const unseen = fresh.filter((id) => !sightings.has(id));
      for (let from = 0; from < unseen.length; from += CHUNK) {
        const chunk = unseen.slice(from, from + CHUNK);
        const versions = await source.versions(chunk, options);
        for (const id of chunk) if (watchers.has(id) && !sightings.has(id)) sightings.note(id, versions);
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
    read: (found) => sightings.read(found),
    close() {
      for (const watcher of watchers.all()) forget(watcher, watcher.taskIds);
    },
  };
}
