import type {
  CallOptions,
  GetOptions,
  GetOutcome,
  PutOutcome,
  ResultBackend,
  ResultBackendOptions,
  ResultStore,
  TaskRecord,
  WatchOptions,
} from '@rb/core';
import type { Budget, Profile } from './budget.js';
import type { ClauseResult } from './clause.js';
import type { Evidence } from './evidence.js';
import type { Facts } from './facts.js';
import type { Handle, Harness, Link, OpenVariant, RawAccess, World } from './harness.js';
import type { JobArgs, JobName } from './jobs.js';
import type { Random } from './random.js';
import type { SecondProcess } from './second-process.js';
import type { Finding } from './trace.js';
import type { Watching } from './watching.js';

/** A handle of the clause's world: named `A`, `B` ... in timelines. */
export interface OpenStore {
  readonly name: string;
  /** Every call of it is traced. */
  readonly store: ResultStore;
  /** As the harness gave it: for clauses about the object itself. */
  readonly bare: ResultStore;
  readonly handle: Handle;
}

/** What a clause works with. Everything that it opens is closed after it. */
export interface ClauseContext extends Evidence, Budget {
  readonly harness: Harness;
  readonly world: World;
  readonly facts: Facts;
  readonly profile: Profile;
  /** Of the whole run; `random` derives from it. */
  readonly seed: number;
  readonly random: Random;
  /** Handle `A`: clauses write through it. */
  readonly writer: OpenStore;
  /** Handle `B`: another connection; clauses read through it, and where readers are owners it is the owner. */
  readonly reader: OpenStore;
  /** Another handle. Ends the clause as `no-power` where the harness cannot make this variant. */
  open(variant?: OpenVariant): Promise<OpenStore>;
  /** A handle made elsewhere, traced under this name and closed after the clause. */
  adopt(name: string, handle: Handle): OpenStore;
  /** Closes a handle for good before the clause ends: for clauses that open many. */
  retire(handle: OpenStore): Promise<void>;
  /** Runs other clauses over another harness, in the profile `quick`; what became of each. */
  check(harness: Harness, only: readonly string[]): Promise<readonly ClauseResult[]>;
  /** The backend that applications hold, over a handle's store; retries only where asked to. */
  backend(over: OpenStore | ResultStore, options?: ResultBackendOptions): ResultBackend;

  /** A fresh id, with the text at its end. */
  id(suffix?: string): string;
  /** A whole record of the fields given; a ready state without `doneAt` gets one. */
  record(fields?: Partial<TaskRecord>): TaskRecord;
  /** Puts one record, which must be accepted (applied or not); its id. */
  put(through: OpenStore, fields?: Partial<TaskRecord>): Promise<string>;
  /** Puts one record; what the store said of it. */
  putOne(through: OpenStore, fields?: Partial<TaskRecord>, options?: CallOptions): Promise<PutOutcome>;
  /** One `put` of all. */
  putAll(through: OpenStore, records: readonly TaskRecord[], options?: CallOptions): Promise<readonly PutOutcome[]>;
  /** What is stored; an undecodable record fails the clause. An owner's read waits until what was put has arrived. */
  read(through: OpenStore, taskId: string): Promise<TaskRecord | undefined>;
  /** As the store answers, at once. */
  get(through: OpenStore, taskIds: readonly string[], options?: GetOptions): Promise<readonly GetOutcome[]>;
  /** A live subscription that writes down what it is told. */
  watch(through: OpenStore, taskIds: readonly string[], options?: WatchOptions): Promise<Watching>;

  /** Resolves with what the probe gives once it is neither undefined nor false; fails the clause after `withinMs` (default `settleMs`). */
  eventually<T>(
    what: string,
    probe: () => T | undefined | false | Promise<T | undefined | false>,
    withinMs?: number,
  ): Promise<T>;
  /** Lets `quietMs` go by in which something must not happen. */
  quiet(): Promise<void>;
  sleep(ms: number): Promise<void>;

  /** Unix milliseconds, by the world's clock. */
  now(): number;
  /** A time to live that this world's clock can wait for. */
  readonly ttlMs: number;
  /** Makes time go by, for the deadlines of these tasks and groups. */
  pass(ms: number, ...ids: readonly string[]): Promise<void>;

  link(of: OpenStore): Link;
  /** Another process, joined to this world and ready for its job; killed after the clause. */
  secondProcess<N extends JobName>(job: N, args: JobArgs<N>): Promise<SecondProcess<N>>;
  readonly raw: RawAccess;
  note(text: string): void;
  /** Ends the clause as `not-verifiable`. */
  notVerifiable(reason: string): never;
  /** What any call of the run so far showed, for the clauses that count all of them. */
  findings(clause: Finding['clause']): readonly string[];
  /** Unhandled rejections and warnings of the run so far, this clause included. */
  strays(): Promise<readonly string[]>;
}

export interface ContextParts {
  readonly harness: Harness;
  readonly world: World;
  readonly facts: Facts;
  readonly profile: Profile;
  readonly seed: number;
  readonly random: Random;
  readonly budget: Budget;
  readonly evidence: Evidence;
  readonly trace: (name: string, store: ResultStore, secret?: string) => ResultStore;
  readonly note: (text: string) => void;
  readonly findings: (clause: Finding['clause']) => readonly string[];
  readonly check: ClauseContext['check'];
  readonly strays: () => Promise<readonly string[]>;
}
