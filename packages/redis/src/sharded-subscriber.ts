import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { Host } from './url.js';

/** Why a node does not take a channel: the slot is another's by now. */
const NOT_HERE = /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN)/;

/**
 * Listens to the sharded channels of a Cluster as one subscribed Redis client does to others: `subscribe` is SSUBSCRIBE at the
 * master of the channel's slot, and what `smessage` tells is told as `message`. When one connection is lost, or a slot
 * has moved, all of them end: whoever watches connects again, to the masters of then.
 */
export class ShardedSubscriber extends EventEmitter {
  /** Any node of the Cluster, and what to log in with; may be changed before each `connect()`. */
  readonly options: Host & Record<string, unknown>;
  status: 'wait' | 'connecting' | 'ready' | 'end' = 'wait';
  readonly #clientAt: (options: object) => Redis;
  readonly #seenAs: (address: Host) => Host;
  /** Is asked for slots; a subscribed connection may not. */
  #asking: Redis | undefined;
  #masters: readonly Master[] = [];
  /** All of them, also while they connect. */
  readonly #clients = new Set<Redis>();
  readonly #listening = new Map<string, Redis>();

  /** @param seenAs Where a node that gives this address is reached from here. */
  constructor(options: Host, clientAt: (options: object) => Redis, seenAs: (address: Host) => Host) {
    super();
    this.options = { ...options };
    this.#clientAt = clientAt;
    this.#seenAs = seenAs;
  }

  async connect(): Promise<void> {
    this.status = 'connecting';
    try {
      this.#asking = await this.#connected(this.options);
      const ranges = await this.#asking.cluster('SLOTS');
      const clients = new Map<string, Promise<Redis>>();
      this.#masters = await Promise.all(
        ranges.map(async ([from, to, master]) => {
          const [host, port] = master ?? [];
          const place = this.#seenAs({ host: String(host), port: Number(port) });
          const key = `${place.host}:${place.port}`;
          const client = clients.get(key) ?? this.#connected(place);
          clients.set(key, client);
          return { from, to, client: await client };
        }),
      );
      this.status = 'ready';
    } catch (error) {
      this.disconnect();
      throw error;
    }
  }

  async subscribe(...channels: readonly string[]): Promise<void> {
    const slots = await Promise.all(channels.map((channel) => this.#asking?.cluster('KEYSLOT', channel)));
    try {
      await Promise.all(
        channels.map(async (channel, i) => {
          const slot = Number(slots[i]);
          const master = this.#masters.find(({ from, to }) => from <= slot && slot <= to);
          if (master === undefined) throw new Error('CLUSTERDOWN no master has the slot');
          this.#listening.set(channel, master.client);
          await master.client.ssubscribe(channel);
        }),
      );
    } catch (error) {
      if (!(error instanceof Error && NOT_HERE.test(error.message))) throw error;
      this.disconnect();
      throw Object.assign(new Error('the slots of the Cluster have moved'), { code: 'ECONNRESET' });
    }
  }

  async unsubscribe(...channels: readonly string[]): Promise<void> {
    await Promise.all(
      channels.map(async (channel) => {
        const client = this.#listening.get(channel);
        this.#listening.delete(channel);
        await client?.sunsubscribe(channel);
      }),
    );
  }

  async ping(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.ping()));
  }

  async quit(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.quit()));
  }

  disconnect(): void {
    if (this.status === 'end' || this.status === 'wait') return;
    this.status = 'end';
    // One whose socket is closed already would wait 2 s for it to close, and keep the process alive for as long.
    for (const client of this.#clients) if (client.status !== 'end') client.disconnect();
    this.#clients.clear();
    this.#masters = [];
    this.#asking = undefined;
    this.#listening.clear();
    this.emit('close');
  }

  async #connected(place: object): Promise<Redis> {
    // What was ended meanwhile begins no more connections: nobody would end them.
    if (this.status !== 'connecting') throw new Error('Connection is closed.');
    const client = this.#clientAt({ ...this.options, ...place });
    this.#clients.add(client);
    client.on('error', (error) => this.emit('error', error));
    client.on('smessage', (channel, value) => this.emit('message', channel, value));
    client.on('smessageBuffer', (channel, value) => this.emit('messageBuffer', channel, value));
    // The slot of a channel has gone to another master.
    client.on('moved', () => this.disconnect());
    await client.connect();
    client.on('close', () => this.disconnect());
    return client;
  }
}

interface Master {
  readonly from: number;
  readonly to: number;
  readonly client: Redis;
}
