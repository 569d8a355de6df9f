import { redactUrl } from '@rb/core';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { connected } from './connecting.js';
import type { Client } from './connection.js';
import { type Driver, loadDriver } from './driver.js';
import type { RedisStoreOptions } from './options.js';
import { ShardedSubscriber } from './sharded-subscriber.js';
import { type Host, parseRedisUrl, type Target } from './url.js';

/** What a store connects with. Clients are made and not connected. */
export interface Clients {
  /** For commands. */
  make(): Client;
  /** For subscriptions: always a single server. */
  makeSubscriber(): Subscriber;
  /** Where, without credentials. */
  readonly server: string;
  readonly cluster: boolean;
}

interface Subscriber {
  readonly client: Redis;
  /** Where it connects next. In a Cluster any node hears what is published on any other, and the next one may be there when this one is gone. */
  readonly place?: (() => Promise<Host>) | undefined;
}

export function clientsOf(options: RedisStoreOptions): Clients {
  const { url = 'redis://localhost:6379/0', cluster, client } = options;
  if (client) return borrowedClients(client as Client, options);
  const target = parseRedisUrl(url);
  const base = baseOptions(options, target);
  const driver = loadDriver();
  if (cluster)
    return clusterClients(driver, options, [...placesOf(options, target), ...(cluster === true ? [] : cluster)], base);
  const full = (): Ours => ({ ...base, ...placeOptions(options, target), replyMapping: 'legacy' });
  return {
    make: () => new driver.Redis(full()),
    makeSubscriber: () => ({ client: new driver.Redis(full()) }),
    server: redactUrl(url),
    cluster: false,
  };
}

/** The type that ioredis' constructor wants of options that are put together. */
type Ours = RedisOptions & { replyMapping: 'legacy' };

/** Reconnecting, queueing and resending are done by connection.ts, which knows what was sent. */
function baseOptions(options: RedisStoreOptions, { username, password, tls, db }: Target): Ours {
  const { connectTimeoutMs = 5_000, socketTimeoutMs = 10_000, keepAliveMs = 30_000, clientName = 'rb' } = options;
  return {
    // Proxies and managed servers know RESP2 for certain, and nothing here needs more.
    protocol: 2,
    connectTimeout: connectTimeoutMs,
    socketTimeout: socketTimeoutMs,
    keepAlive: keepAliveMs,
    connectionName: clientName,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls || options.tls ? { tls: { ...tls, ...options.tls } } : {}),
    db,
    ...options.redisOptions,
    replyMapping: 'legacy',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    retryStrategy: () => null,
  };
}

function placeOptions(options: RedisStoreOptions, target: Target): Partial<RedisOptions> {
  if (target.kind === 'tcp')
    return { host: target.host, port: target.port, ...sni(target.host, target.tls ?? options.tls) };
  if (target.kind === 'socket') return { path: target.path };
  const {
    masterName = target.parameters.get('master_name') ?? 'mymaster',
    sentinelUsername,
    sentinelPassword,
  } = options;
  return {
    sentinels: [...target.hosts],
    name: masterName,
    sentinelRetryStrategy: () => null,
    // ioredis waits for ever for one that is there and says nothing; so all are asked within one attempt, and the master after them.
    sentinelCommandTimeout: (options.connectTimeoutMs ?? 5_000) / (target.hosts.length + 1),
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(options.tls ? { enableTLSForSentinelMode: true, sentinelTLS: options.tls } : {}),
  };
}

/** The server's certificate is for its name. */
const sni = (host: string, tls: object | undefined): Partial<RedisOptions> =>
  tls && !/^[\d.]+$|:/.test(host) ? { tls: { servername: host, ...tls } } : {};

/** The node that a URL names, where one was given. */
const placesOf = ({ url }: RedisStoreOptions, target: Target): readonly Host[] =>
  url && target.kind === 'tcp' ? [{ host: target.host, port: target.port }] : [];

function clusterClients(driver: Driver, options: RedisStoreOptions, nodes: readonly Host[], base: Ours): Clients {
  const { db: _db, lazyConnect: _lazy, enableOfflineQueue: _queue, retryStrategy: _retry, ...redisOptions } = base;
  /** Those that the Cluster has now, which in time are others than the first ones. */
  let known = nodes;
  return {
    make() {
      const made = new driver.Cluster([...nodes], {
        ...options.clusterOptions,
        redisOptions: redisOptions as ClusterRedisOptions,
        lazyConnect: true,
        clusterRetryStrategy: () => null,
        // A write that was cut must be told of, not sent again.
        retryDelayOnFailover: 0,
        slotsRefreshTimeout: options.connectTimeoutMs ?? 5_000,
      });
      made.on('refresh', () => {
        known = [...placesIn(made), ...nodes];
        // Where it begins when all of its connections are lost. Its README says that it may be set; its types do not.
        Object.assign(made, { startupNodes: [...known] });
      });
      return made;
    },
    makeSubscriber: () => ({
      client: options.shardedPubSub
        ? sharded(driver, { ...base, db: 0 }, options.clusterOptions)
        : new driver.Redis({ ...base, db: 0 }),
      place: nextOf(async () => known),
    }),
    server: nodes.map(({ host, port }) => `${host}:${port}`).join(','),
    cluster: true,
  };
}

/** Stands where a client does that listens: it has all that watching calls. */
function sharded(driver: Driver, base: Ours, clusterOptions: RedisStoreOptions['clusterOptions']): Redis {
  const natMap = clusterOptions?.natMap as NatMap | undefined;
  const seenAs = (address: Host): Host => {
    const key = `${address.host}:${address.port}`;
    return (typeof natMap === 'function' ? natMap(key) : natMap?.[key]) ?? address;
  };
  const clientAt = (place: object): Redis => new driver.Redis({ ...base, ...place });
  return new ShardedSubscriber({ host: 'localhost', port: 0 }, clientAt, seenAs) as unknown as Redis;
}

/** ioredis' own option. */
type NatMap = Readonly<Record<string, Host>> | ((key: string) => Host | null);

type ClusterRedisOptions = NonNullable<NonNullable<ConstructorParameters<typeof Cluster>[1]>['redisOptions']>;

const placesIn = (cluster: Cluster): readonly Host[] =>
  cluster.nodes().map(({ options: { host = 'localhost', port = 6379 } }) => ({ host, port }));

/** One after the other, from any on: many processes that begin together are not to begin at one. */
function nextOf(places: () => Promise<readonly Host[]>): () => Promise<Host> {
  let turn = Math.floor(Math.random() * 1_000);
  return async () => {
    const all = await places();
    turn += 1;
    return all[turn % all.length] as Host;
  };
}

function borrowedClients(client: Client, options: RedisStoreOptions): Clients {
  const own = {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResubscribe: false,
    retryStrategy: () => null,
  } as const;
  if (!('nodes' in client)) {
    return {
      make: () => client,
      makeSubscriber: () => ({ client: client.duplicate(own) }),
      server: `${client.options.host}:${client.options.port}`,
      cluster: false,
    };
  }
  const driver = loadDriver();
  const single = { ...client.options.redisOptions, ...own, replyMapping: 'legacy' } as const;
  return {
    make: () => client,
    makeSubscriber: () => ({
      client: options.shardedPubSub
        ? sharded(driver, single, { natMap: client.options.natMap })
        : new driver.Redis(single),
      place: nextOf(async () => {
        // It knows no node before.
        await connected(client, options.connectTimeoutMs ?? 5_000);
        return placesIn(client);
      }),
    }),
    server: 'the given Cluster',
    cluster: true,
  };
}
