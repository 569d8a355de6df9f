import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Accept, Serializer } from '@rb/core';
import type { Host } from './url.js';

/** Fresh ones are asked for before every attempt to connect: for tokens that expire. */
export type Credentials = () => UserAndPassword | Promise<UserAndPassword>;

export interface UserAndPassword {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** ioredis' Redis or Cluster, as far as this says: so that these types do not ask for ioredis' own. */
export interface RedisClient {
  readonly status: string;
  ping(): Promise<string>;
  defineCommand(name: string, definition: { readonly lua: string; readonly numberOfKeys?: number }): void;
}

/** Exactly one of `url`, `cluster` and `client` says where; without any, redis://localhost:6379/0. */
export interface RedisStoreOptions {
  /** As Celery spells it: redis, rediss (with ssl_*), redis+socket, or sentinel://...;sentinel://... */
  readonly url?: string | undefined;
  /** Some nodes of a Redis Cluster; the others are found through them. With `url`: its node is the first. */
  readonly cluster?: readonly Host[] | true | undefined;
  /**
   * In a Cluster: news goes from the master of a task to who listens there, and not through all nodes (SPUBLISH, Redis 7). All who
   * write and watch must agree, and Celery does not take part: it hears of nothing, and is not heard. @default false
   */
  readonly shardedPubSub?: boolean | undefined;
  /** A connected ioredis client that stays yours: `close()` does not close it. Watching opens one connection beside it. */
  readonly client?: RedisClient | undefined;
  /** Put before every key. Celery's `global_keyprefix`; gets a `_` at its end unless it ends in one of `: _ - .` */
  readonly globalKeyPrefix?: string | undefined;
  /** @default json */
  readonly serializer?: Serializer | undefined;
  /** What may be decoded: Celery's `result_accept_content`. @default the serializer and json */
  readonly accept?: Accept | undefined;
  /** Largest encoded record accepted, in bytes. @default 536_870_912, Redis' own limit */
  readonly maxBytes?: number | undefined;
  /** The name of the master that the Sentinels watch. @default 'mymaster' */
  readonly masterName?: string | undefined;
  /** The Sentinels' own. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  /** Asked before every attempt to connect, in a Cluster also when a node was lost: for tokens that expire. Instead of what the URL says. */
  readonly credentials?: Credentials | undefined;
  /** TLS settings, of node:tls; beside those that the URL has. */
  readonly tls?: TlsOptions | undefined;
  /** As CLIENT LIST shows it. @default 'rb' */
  readonly clientName?: string | undefined;
  /** @default 5000 */
  readonly connectTimeoutMs?: number | undefined;
  /** A connection that answers nothing for so long, while it should, is given up. @default 10_000 */
  readonly socketTimeoutMs?: number | undefined;
  /** Idle time before the first TCP keep-alive probe. @default 30_000 */
  readonly keepAliveMs?: number | undefined;
  /** How often a connection that only listens is asked whether it is there. @default 10_000 */
  readonly healthCheckMs?: number | undefined;
  /** Calls that may wait for a connection at once; further ones are refused with RB_UNAVAILABLE. @default 100_000 */
  readonly maxWaiting?: number | undefined;
  /** Anything else of ioredis. */
  readonly redisOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Anything else of ioredis' Cluster: natMap, slotsRefreshTimeout ... */
  readonly clusterOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Failures of watching, which nobody awaits. */
  readonly onBackgroundError?: ((error: unknown) => void) | undefined;
}
