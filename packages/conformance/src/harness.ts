import type { ResultBackend, ResultBackendOptions, ResultStore, TaskRecord } from '@rb/core';
import type { Dual } from './dual.js';

/** What an implementer writes: how the kit gets at stores. */
export interface Harness {
  /** Names the store, and what it runs against where there are several. */
  readonly name: string;
  /**
   * Called once per clause. Without a token: fresh and empty, sharing nothing with any other world.
   * With the `token` of a world: that same world, as another process sees it; its `dispose` removes nothing.
   */
  world(token?: string): Promise<World>;
  /** URL of the module that exports this harness as `harness`; with `World.token`, enables the clauses that need a second process. */
  readonly module?: string | URL | undefined;
  /** Multiplies every time budget on slow machines. @default 1 */
  readonly patience?: number | undefined;
  /** How long to wait for what must happen. @default 2000 */
  readonly settleMs?: number | undefined;
  /** How long to watch that something does not happen; a store in this process needs less. @default 100 */
  readonly quietMs?: number | undefined;
  /** From a lost connection to a store that works again. @default 5000 */
  readonly recoveryMs?: number | undefined;
  /** For the report: versions of the store and of the server it talks to. */
  about?(): Promise<About>;
  /** Where the store is a pair of two: how pairs are made. Its worlds have sides; `dualHarness` makes such a harness. */
  readonly dual?: Dual | undefined;
  /** How clauses of the backend make one from a store: for who wraps core's. @default createResultBackend */
  readonly backend?: ((store: ResultStore, options: ResultBackendOptions) => ResultBackend) | undefined;
}

export interface About {
  readonly storeVersion?: string | undefined;
  /** Product and version, as the server itself says it. */
  readonly server?: string | undefined;
}

/** One clause's own place on the server. */
export interface World {
  /** A new handle; null: this variant cannot be made here. Two handles share data and nothing else. */
  open(variant?: OpenVariant): Promise<Handle | null>;
  readonly clock: Clock;
  /** Beneath the adapter, with the vendor's own client. */
  readonly raw?: RawAccess | undefined;
  /** Where the store is a pair: the two that it is made of, each a world of its own that goes when this one goes. */
  readonly sides?: Sides | undefined;
  /** Lets another process join this world: given to its harness's `world(token)`. */
  readonly token?: string | undefined;
  /** Restarts the server process, data kept. */
  restart?(): Promise<void>;
  /** From now on the server refuses the credentials of every handle; connections that are open may last until they are cut. */
  revoke?(): Promise<void>;
  /** Takes away what the store keeps records in: its tables, its queue. */
  dropSchema?(): Promise<void>;
  /** Removes what this world holds. Handles are closed by then. */
  dispose(): Promise<void>;
}

/** What a pair is made of. */
export interface Sides {
  readonly primary: World;
  readonly secondary: World;
}

export interface Handle {
  readonly store: ResultStore;
  /** The wire between this handle and its server: enables the clauses about faults. */
  readonly link?: Link | undefined;
  /** For 'borrowed-client': whether the caller's own client still works. */
  clientWorks?(): Promise<boolean>;
  /** The password that this handle connects with: no error may show it. */
  readonly secret?: string | undefined;
  /** Called after the store was closed. */
  dispose?(): Promise<void>;
}

/** Which handle a clause wants; only 'default' is obligatory. */
export type OpenVariant =
  | 'default'
  /** Wrong user or password. */
  | 'bad-credentials'
  /** An address where nothing listens. */
  | 'unreachable'
  /** Tables, indexes or queues are missing, and may not be made. */
  | 'no-schema'
  /** The same server, another namespace: prefix, schema, database. */
  | 'other-namespace'
  /** The client is passed in and belongs to the caller. */
  | 'borrowed-client'
  /** The clock of this handle's process is an hour ahead. */
  | 'clock-ahead';

export type Clock =
  | { readonly kind: 'virtual'; now(): number; advance(ms: number): Promise<void> }
  /** Moves the stored deadline of a task or group back, beneath the adapter. */
  | { readonly kind: 'ageing'; age(id: string, ms: number): Promise<void> }
  /** The kit waits. */
  | { readonly kind: 'real' };

export interface RawAccess {
  /** The stored form; undefined when nothing is there. */
  read(taskId: string): Promise<unknown>;
  write(taskId: string, stored: unknown): Promise<void>;
  /** A stored form that no reader can decode. @default 'rb: not a stored record' */
  readonly garbage?: unknown;
  /** Golden vectors from the reference producer: what is stored, and the record it means. */
  readonly vectors?: readonly Vector[] | undefined;
  /** What two stored forms must have in common to mean the same to every reader: JSON without its spaces, say. @default the form itself */
  canonical?(stored: unknown): unknown;
  /** Records that other serializers wrote. */
  readonly foreign?: readonly StoredForm[] | undefined;
  /** Small forms that become deep or huge when read: nested 10,000 deep, compressed 1:1000. */
  readonly bombs?: readonly StoredForm[] | undefined;
  /** Leaves things of other programs where the records are: keys, rows, tables that are none. */
  litter?(): Promise<void>;
}

export interface StoredForm {
  readonly name: string;
  readonly stored: unknown;
}

export interface Vector extends StoredForm {
  readonly record: TaskRecord;
  /** Read only: another version's form, which this adapter does not write. */
  readonly readOnly?: boolean | undefined;
}

/** The wire of one handle. */
export interface Link {
  /** Resets every connection; `refuse`: new ones too, until `heal`. */
  cut(options?: { readonly refuse?: boolean | undefined }): Promise<void>;
  /** Keeps connections and accepts new ones, forwards nothing. */
  blackhole(): Promise<void>;
  /** Forwards so many more bytes of one direction, then resets: of the replies by default, so that a request is applied and not answered. */
  cutAfter(bytes: number, direction?: 'requests' | 'replies'): Promise<void>;
  /** Each way. */
  latency(ms: number): Promise<void>;
  /** Back to normal: no latency, nothing refused, nothing swallowed. */
  heal(): Promise<void>;
  /** Open right now. */
  connections(): number;
  /** Ever accepted or refused. */
  attempts(): number;
}
