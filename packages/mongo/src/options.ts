import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Accept, Serializer } from '@rb/core';

/** The driver's MongoClient, as far as this says: so that these types do not ask for the driver's own. */
export interface MongoClientLike {
  db(name?: string): { collection(name: string): unknown; command(command: object): Promise<unknown> };
}

/** At most one of `url` and `client` says where; without any, mongodb://localhost:27017. */
export interface MongoStoreOptions {
  /** As Celery spells it: `mongodb://user:password@a:27017,b:27017/database?replicaSet=rs0`, `mongodb+srv://...`, or bare `mongodb://`. */
  readonly url?: string | undefined;
  /** A MongoClient of the caller's: `close()` does not close it. Times and pool are then as it says. */
  readonly client?: MongoClientLike | undefined;
  /** Instead of the one in the URL. @default 'celery' */
  readonly database?: string | undefined;
  /** Celery's `taskmeta_collection` and `groupmeta_collection`. @default celery_taskmeta, celery_groupmeta */
  readonly collections?: { readonly task?: string | undefined; readonly group?: string | undefined } | undefined;
  /** Whether the indexes on date and deadline are made in the background when something is stored first. @default true */
  readonly createIndexes?: boolean | undefined;
  /** Of results, as Celery's `result_serializer`. @default json */
  readonly serializer?: Serializer | undefined;
  /** What may be decoded: Celery's `result_accept_content`. @default the serializer and json */
  readonly accept?: Accept | undefined;
  /** Largest document that is stored, in bytes. @default 16_777_216, MongoDB's own limit */
  readonly maxBytes?: number | undefined;
  /** Most connections at once. @default 10 */
  readonly poolSize?: number | undefined;
  /** Longest wait for a free connection. @default 10_000 */
  readonly acquireTimeoutMs?: number | undefined;
  /** For one attempt to connect. @default 5_000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest wait for a server that takes what is asked: while a replica set elects one, there is none. @default 10_000 */
  readonly serverSelectionTimeoutMs?: number | undefined;
  /** A connection that answers nothing for so long is given up. @default 30_000 */
  readonly queryTimeoutMs?: number | undefined;
  /** TLS settings, of node:tls; beside those that the URL has. */
  readonly tls?: TlsOptions | undefined;
  /** Anything else of the driver. */
  readonly mongoOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Unix milliseconds: what deadlines are compared with. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Failures of making indexes, which nobody awaits. */
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}
