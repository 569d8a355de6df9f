import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { GetOutcome } from '@rb/core';
import type { Sightings } from './sightings.js';
import type { WatchSource } from './watch-source.js';
import type { Watchers } from './watchers.js';

/** Ids looked up in one go; more would keep the event loop from others for more than a few milliseconds. */
export const CHUNK = 1_000;
/** Of one look; an id that is written without a pause is looked at again with the next. */
const PASSES = 3;

export interface LookoutParts {
  readonly source: WatchSource;
  readonly watchers: Watchers;
  readonly sightings: Sightings;
  /** Something happens. */
  readonly hurry: () => void;
}

export interface Lookout {
  /** Ids that may have been written. */
  readonly suspects: Set<string>;
  /** Of these somebody has said so. */
  readonly written: Set<string>;
  /** Looks at all of them, and tells what is new. */
  look(): Promise<void>;
  /** Nobody watches it any more. */
  forget(id: string): void;
}

/** Reads what may have been written, a chunk at a time, and tells who watches it. */
export function lookout({ source, watchers, sightings, hurry }: LookoutParts): Lookout {
  const suspects = new Set<string>();
  const written = new Set<string>();
  /** What was told and may be newer than its version: written after the look at the versions, it must not be told twice. */
  const ahead = new Map<string, GetOutcome>();
  let looking: Promise<void> | undefined;

  const lookAtVersions = async (taskIds: readonly string[]): Promise<void> => {
    let news = taskIds;
    for (let pass = 0; pass < PASSES; pass++) {
      const versions = await source.versions(news);
      const isNews = new Set(news.filter((id) => sightings.isNews(id, versions)));
      for (const id of news) if (!isNews.has(id)) ahead.delete(id);
      news = [...isNews];
      if (news.length === 0) return;
      hurry();
      if (source.latest) return lookAtWritten(news);
      for (const [index, outcome] of (await source.get(news)).entries()) {
        const id = news[index] ?? '';
        if (!watchers.has(id)) continue;
        sightings.note(id, versions);
        if (outcome !== undefined && !isDeepStrictEqual(outcome, ahead.get(id))) watchers.tell(outcome);
        ahead.set(id, outcome);
      }
    }
  };

  const lookAtWritten = async (taskIds: readonly string[]): Promise<void> => {
    const latest = await source.latest?.(taskIds);
    if (latest === undefined) return;
    for (const id of taskIds) {
      const verdict = sightings.found(id, latest);
      const outcome = latest.byId.get(id)?.outcome;
      if (verdict === 'overtaken') written.add(id);
      else if (verdict === 'news' && outcome !== undefined) watchers.tell(outcome);
    }
  };

  const lookAtAll = async (): Promise<void> => {
    while (written.size + suspects.size > 0) {
      const [ids, lookAt] = written.size > 0 ? [written, lookAtWritten] : [suspects, lookAtVersions];
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
  const look = async (): Promise<void> => {
    looking ??= lookAtAll().finally(() => {
      looking = undefined;
    });
    await looking;
    // What came up between the last look and its end would wait for the poll.
    if (written.size + suspects.size > 0) await look();
  };

  return {
    suspects,
    written,
    look,
    forget(id) {
      for (const ids of [suspects, written, ahead]) ids.delete(id);
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
