import type { ResultError } from './errors.js';
import type { ResultNode } from './result-node.js';
import type { TaskState } from './states.js';

/** Changes about never; a backend refuses a store with another number (RB_CONTRACT). */
export const CONTRACT_VERSION = 1;

/** What travels with an outcome besides its value. Absent keys stay absent; unknown keys survive. */
export interface TaskMeta {
  /** Tasks and groups that this task started. Absent where Celery's document has null. */
  readonly children?: readonly ResultNode[];
  readonly groupId?: string;
  readonly parentId?: string;
  readonly name?: string | null;
  readonly args?: unknown;
  readonly kwargs?: unknown;
  readonly worker?: string | null;
  readonly retries?: number | null;
  readonly queue?: string | null;
  /** Names of the stamps; each stamp itself is a key of its own here, as in Celery's document. */
  readonly stampedHeaders?: readonly string[];
  readonly [key: string]: unknown;
}

/** One stored outcome of one task. */
export interface TaskRecord {
  readonly taskId: string;
  readonly state: TaskState;
  /** The return value (SUCCESS), a RemoteError or null (FAILURE, RETRY, REVOKED), free form otherwise. */
  readonly result: unknown;
  /** The remote traceback's text. */
  readonly traceback: string | null;
  /** Unix milliseconds, a fraction carrying Python's microseconds; null until ready. */
  readonly doneAt: number | null;
  readonly meta: TaskMeta;
  /** Unix milliseconds; null = never. Absent on input: null. */
  readonly expiresAt: number | null;
  /** The stored form, only when asked for by `{ verbatim: true }`; a store of the same layout writes it back byte for byte. */
  readonly verbatim?: Verbatim;
}

export interface Verbatim {
  /** Names keys, tables and serializer together; equal names mean interchangeable bytes. */
  readonly layout: string;
  readonly data: unknown;
}

export interface CallOptions {
  /** Already aborted: nothing is sent. In flight: rejects promptly with RB_ABORTED; a write may still land. */
  readonly signal?: AbortSignal | undefined;
}

/** What a reader may do without. */
export interface ReadOptions extends CallOptions {
  /**
   * False where the reader has no use for `expiresAt`: it may then be null although there is a deadline, which counts all the same.
   * For stores that keep deadlines apart from records (Redis), where looking them up takes as long as the records.
   * @default true
   */
  readonly deadlines?: boolean | undefined;
}

export interface GetOptions extends ReadOptions {
  /** Also return the stored form. */
  readonly verbatim?: boolean | undefined;
}

export interface PutOptions extends CallOptions {
  /** Where each task's owner listens, by task id: for stores with `readers: 'owner'`; others ignore it. */
  readonly routes?: ReadonlyMap<string, Route> | undefined;
}

/** Where a producer must send so that the owner of a task hears of it. Celery's request properties of the same names. */
export interface Route {
  readonly replyTo: string;
  readonly correlationId: string;
}

export type PutOutcome =
  | { readonly applied: true }
  /** A SUCCESS was there; nothing changed. */
  | { readonly applied: false; readonly state: TaskState }
  /** This record alone, and for good: it cannot be encoded, is too large ... What may pass rejects the whole call. */
  | { readonly refused: ResultError };

/** A stored record that cannot be read (RB_DECODE). It concerns its id alone, never the rest of the batch. */
export interface Refused {
  readonly taskId: string;
  readonly refused: ResultError;
}

/** `undefined`: nothing (or nothing unexpired) is stored. */
export type GetOutcome = TaskRecord | Refused | undefined;

export interface StoreTraits {
  /** Records outlive every process that uses the store. */
  readonly durable: boolean;
  /** 'owner': only the client that holds the reply route. */
  readonly readers: 'any' | 'owner';
  /** Largest encoded record accepted; Infinity where only memory limits it. */
  readonly maxBytes: number;
  /** Which keys of `meta` are kept. A layout that is exactly Celery's SQL table drops children, groups and stamps. */
  readonly keeps: 'all' | readonly string[];
}

/**
 * What an adapter author writes: a plain object that gets exact, validated arguments.
 * Wrappers compose by spread: `{ ...inner, put }`. It has no `Symbol.asyncDispose`, so that `{ ...inner, close }` stays whole.
 */
export interface ResultStore {
  readonly contract: typeof CONTRACT_VERSION;
  readonly name: string;
  readonly traits: StoreTraits;
  /**
   * Shape:  one outcome per record, same order; the same id twice in a batch acts as one after the other.
   * Atomic: per record, not across records. SUCCESS is final, anything else is replaced, decided inside the store.
   * Errors: a rejection of the whole call says nothing about any record. RB_UNAVAILABLE: nothing was applied;
   *         RB_OUTCOME_UNKNOWN: it may have been, or some of it. Putting again is safe.
   */
  put(records: readonly TaskRecord[], options?: PutOptions): Promise<readonly PutOutcome[]>;
  /** Shape: one entry per id, same order, duplicates included. An expired record reads as undefined. */
  get(taskIds: readonly string[], options?: GetOptions): Promise<readonly GetOutcome[]>;
  /** How many distinct ids existed, unexpired. */
  delete(taskIds: readonly string[], options?: CallOptions): Promise<number>;
  /** Idempotent. Afterwards every operation rejects with RB_CLOSED. */
  close(): Promise<void>;
  // Capabilities: a property holding an object. Present means promised and tested; absent means absent.
  readonly notify?: NotifyCapability | undefined;
  readonly expiry?: ExpiryCapability | undefined;
  readonly groups?: GroupCapability | undefined;
  readonly scan?: ScanCapability | undefined;
  readonly stats?: StatsCapability | undefined;
  readonly routing?: RoutingCapability | undefined;
}

/** Push instead of polling. */
export interface NotifyCapability {
  /** A new, empty subscription. Nothing is sent before the first `add`. */
  subscribe(handler: WatchHandler, options?: WatchOptions): Subscription;
}

export type WatchOptions = Pick<ReadOptions, 'deadlines'>;

export interface WatchHandler {
  /** A write was seen. The record is what `get` returns now or returned a moment ago; at least once per final record. */
  record(outcome: TaskRecord | Refused): void;
  /** Writes may have gone unseen (a connection was lost and is back): read again what you wait for. */
  gap(): void;
}

/** What throws inside a handler disturbs neither other handlers nor the store. */
export interface Subscription {
  /** Resolves when live: a write begun afterwards is told. Adding an id twice is the same as once. */
  add(taskIds: readonly string[], options?: CallOptions): Promise<void>;
  /** From now on the handler is not called for these ids, also where their `add` is still under way. */
  remove(taskIds: readonly string[]): void;
  /** Idempotent. From the call on, the handler is not called any more. */
  close(): Promise<void>;
}

/** Deadlines are honoured: an expired record is never returned, even before it is physically removed. */
export interface ExpiryCapability {
  /** How late, at most, a deadline takes effect. */
  readonly resolutionMs: number;
  /**
   * Removes at most `limit` expired records and groups, and returns how many; a store that keeps them in partitions by deadline
   * may drop a whole one at once, which is more. Absent where the server does it.
   */
  sweep?(limit: number, options?: CallOptions): Promise<number>;
}

export interface GroupRecord {
  readonly groupId: string;
  /** In member order: tasks, and groups as nodes with members of their own. */
  readonly members: readonly ResultNode[];
  readonly parent: ResultNode | null;
  readonly expiresAt: number | null;
}

export interface GroupReport {
  /** How many members have reported so far, this one included; 0 where the group is unknown. */
  readonly reported: number;
  /** True for exactly one report: the one that made the group complete. */
  readonly last: boolean;
}

export interface GroupCapability {
  /** Replaces a group of the same id, and forgets what was reported to it. */
  save(group: GroupRecord, options?: CallOptions): Promise<void>;
  load(groupId: string, options?: CallOptions): Promise<GroupRecord | undefined>;
  /** Whether the group existed. */
  delete(groupId: string, options?: CallOptions): Promise<boolean>;
  /**
   * Counts a ready member, once. A non-member, or an unknown, deleted or expired group, changes nothing.
   * Atomic: yes. The record goes along because Celery's own chord parts carry the result.
   */
  report(groupId: string, record: TaskRecord, options?: CallOptions): Promise<GroupReport>;
}

export interface ScanFilter {
  readonly states?: readonly TaskState[] | undefined;
  readonly name?: string | undefined;
  readonly worker?: string | undefined;
  readonly queue?: string | undefined;
  /** Unix milliseconds, inclusive: `doneAt >= since`. Records that are not done never match. */
  readonly since?: number | undefined;
  /** Unix milliseconds, exclusive: `doneAt < until`. */
  readonly until?: number | undefined;
}

export interface ScanOptions extends GetOptions {
  readonly filter?: ScanFilter | undefined;
  /** Continue after the page that carried this cursor. */
  readonly after?: string | undefined;
  /** Records per page, at most. @default 500 */
  readonly pageSize?: number | undefined;
}

export interface ScanPage {
  readonly records: readonly (TaskRecord | Refused)[];
  /**
   * Opaque; resumes after this page, in another process too. Where the store has reorganised itself meanwhile (a hash table that was
   * resized, a server that was started anew) records may come again; none is missed.
   */
  readonly cursor: string;
}

export interface ScanCapability {
  /** Every record live throughout exactly once, others at most once. Holds nothing open between pages. */
  pages(options?: ScanOptions): AsyncIterable<ScanPage>;
}

export interface StoreStats {
  /** Unexpired records by state. */
  readonly byState: Readonly<Record<string, number>>;
  readonly total: number;
  /** Space taken by what is stored; null where the store cannot tell cheaply. */
  readonly bytes: number | null;
  /** Unix milliseconds of the oldest `doneAt`; null where nothing is done. */
  readonly oldestDoneAt: number | null;
  /** True where the numbers come from a sample or from the server's own estimates. */
  readonly estimated: boolean;
}

export interface StatsCapability {
  read(options?: CallOptions): Promise<StoreStats>;
}

/** For stores whose results are sent to their owner instead of being kept. */
export interface RoutingCapability {
  /** Opens this client's reply route if need be, and says where a producer must send for this task. */
  route(taskId: string, options?: CallOptions): Promise<Route>;
}
