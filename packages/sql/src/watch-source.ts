import type { CallOptions, GetOutcome } from '@rb/core';
import type { Moment } from './moment.js';

/** What a database can be asked about writes. */
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
