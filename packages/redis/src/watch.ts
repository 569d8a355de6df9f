import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type CallOptions, chunksOf, isResultError, type NotifyCapability, ResultError } from '@rb/core';
import type { Redis } from 'ioredis';
import type { Stored } from './commands.js';
import type { Connection } from './connection.js';
import { delivery, type Readers, type Watcher } from './delivery.js';

export interface WatchParts extends Readers {
  /** A connection for subscriptions alone. */
  readonly connection: Connection;
  readonly channelOf: (taskId: string) => string;
  readonly taskIdOf: (channel: string) => string | undefined;
  readonly binary: boolean;
  readonly healthCheckMs: number;
  readonly onBackgroundError: (error: unknown) => void;
}

export interface Watch extends NotifyCapability {
  close(): void;
}

/** Channels per SUBSCRIBE: a command of some 64 kB. */
const CHUNK = 1_000;
/** After an error that is none of the connection. */
const PAUSE_MS = 50;

/** One subscriber connection for all watchers; a channel is subscribed to once, however many watch it. */
export function openWatch(parts: WatchParts): Watch {
  const { connection, channelOf, taskIdOf, binary, decode, complete, healthCheckMs, onBackgroundError } = parts;
  const client = connection.client as Redis;
  const watchers = new Map<string, Set<Watcher>>();
  /** The SUBSCRIBE of each channel of this connection, sent or confirmed. */
  const heard = new Map<string, Promise<void>>();
  let tending = false;

  const guarded = (call: () => void): void => {
    try {
      call();
    } catch (error) {
      onBackgroundError(error);
    }
  };
  const all = (): ReadonlySet<Watcher> => new Set([...watchers.values()].flatMap((set) => [...set]));
  const tellGap = (): void => {
    for (const { handler } of all()) guarded(() => handler.gap());
  };

  const receive = delivery({ watchers, decode, complete, guarded, lost: tellGap, onBackgroundError });
  const hear = (channel: string, value: Stored): void => {
    const taskId = taskIdOf(channel);
    if (taskId !== undefined) receive({ taskId, value });
  };
  if (binary) client.on('messageBuffer', (channel: Buffer, value: Buffer) => hear(channel.toString(), value));
  else client.on('message', hear);

  const inChunks = async (
    taskIds: readonly string[],
    send: (channels: readonly string[]) => Promise<unknown>,
  ): Promise<void> => {
    await Promise.all(chunksOf(taskIds.map(channelOf), CHUNK).map(send));
  };
  /** Resolves when the server has confirmed all of them. */
  async function listen(taskIds: readonly string[]): Promise<void> {
    const missing = taskIds.filter((taskId) => !heard.has(taskId));
    if (missing.length > 0) {
      const sent = inChunks(missing, (channels) => client.subscribe(...channels));
      for (const taskId of missing) heard.set(taskId, sent);
      sent.catch(() => {
        for (const taskId of missing) if (heard.get(taskId) === sent) heard.delete(taskId);
      });
    }
    await Promise.all(new Set(taskIds.map((taskId) => heard.get(taskId))));
  }

  /** While anybody watches: keeps the connection up, and after a loss subscribes again and tells of the gap. */
  async function tend(): Promise<void> {
    if (tending) return;
    tending = true;
    for (let lost = false; watchers.size > 0 && !connection.closed; lost = true) {
      try {
        await connection.ready('watching');
        await listen([...watchers.keys()]);
        if (lost) tellGap();
        await untilLost();
      } catch (error) {
        if (connection.closed) break;
        onBackgroundError(error);
        // A refusal for good is not asked for at every turn; other attempts are paced by the connection.
        const isDenied = isResultError(error) && error.code === 'RB_DENIED';
        await sleep(isDenied ? healthCheckMs : PAUSE_MS, undefined, { ref: false });
      }
    }
    tending = false;
  }

  /** Resolves when the connection is gone, also where nothing but a missing answer tells so, or nobody watches any more. */
  async function untilLost(): Promise<void> {
    const gone = new Promise<boolean>((resolve) => client.once('close', () => resolve(true)));
    while (watchers.size > 0) {
      if (await Promise.race([gone, sleep(healthCheckMs, false, { ref: false })])) return;
      const asked = performance.now();
      const answered = client.ping().then(
        () => true,
        () => false,
      );
      // An answer may have come while this process was busy: timers are served before what has arrived, immediates after it.
      const silent = sleep(healthCheckMs, false, { ref: false }).then((value) => setImmediate(value));
      if (await Promise.race([answered, silent])) continue;
      // A process that was held up for as long as it waited cannot tell: it asks again.
      if (performance.now() - asked < 2 * healthCheckMs) connection.drop();
    }
  }
  client.on('close', () => heard.clear());

  async function add(watcher: Watcher, taskIds: readonly string[], options?: CallOptions): Promise<void> {
    if (!watcher.open) throw new ResultError('RB_CLOSED', 'the subscription is closed; nothing was added');
    const fresh = taskIds.filter((taskId) => !watcher.taskIds.has(taskId));
    for (const taskId of fresh) {
      watcher.taskIds.add(taskId);
      watchers.set(taskId, (watchers.get(taskId) ?? new Set()).add(watcher));
    }
    try {
      await connection.run({ doing: 'subscribing', write: false, signal: options?.signal }, () => listen(taskIds));
    } catch (error) {
      forget(watcher, fresh);
      throw error;
    }
    void tend();
  }

  function forget(watcher: Watcher, taskIds: Iterable<string>): void {
    const unheard: string[] = [];
    for (const taskId of [...taskIds]) {
      watcher.taskIds.delete(taskId);
      const others = watchers.get(taskId);
      if (!others?.delete(watcher) || others.size > 0) continue;
      watchers.delete(taskId);
      heard.delete(taskId);
      unheard.push(taskId);
    }
    // Commands of one connection keep their order, so that a later SUBSCRIBE to the same channel wins.
    if (client.status === 'ready' && unheard.length > 0)
      inChunks(unheard, (channels) => client.unsubscribe(...channels)).catch(() => {});
  }

  return {
    subscribe(handler, { deadlines = true } = {}) {
      const watcher: Watcher = { handler, deadlines, taskIds: new Set(), open: true };
      return {
        add: (taskIds, options) => add(watcher, taskIds, options),
        remove: (taskIds) => forget(watcher, taskIds),
        async close() {
          watcher.open = false;
          forget(watcher, watcher.taskIds);
        },
      };
    },
    close() {
      for (const watcher of all()) forget(watcher, watcher.taskIds);
    },
  };
}
