import { randomUUID } from 'node:crypto';
import { CONTRACT_VERSION, type PutOptions, ResultError, type ResultStore, type TaskRecord } from '@rb/core';
import type { Reply } from './owner-broker.js';
import { createInbox } from './owner-inbox.js';
import { type WireCall, wireClient } from './wire-client.js';
import type { WireAddress } from './wire-connection.js';
import { entryOf } from './wire-records.js';

/** Small enough to be filled, so that the clauses about size run. */
const MAX_BYTES = 2 * 2 ** 20;

/**
 * Results as messages, Celery's `rpc://` way: a producer sends each to the reply queue of the task's owner, who keeps
 * what has arrived. Nobody else reads, and nothing outlives the owner.
 *
 * A record without a route is refused (RB_UNSUPPORTED), where Celery drops it and says nothing: a result that nobody
 * can ever read is a mistake of the caller's, who should hear of it.
 */
export function ownerStore(address: WireAddress): ResultStore {
  const client = wireClient(address);
  const queue = randomUUID();
  let consuming = false;
  let connections = 0;
  let closed = false;

  const request = async (operation: string, args: unknown, call: WireCall): Promise<void> => {
    if (closed) throw new ResultError('RB_CLOSED', `the store is closed; ${call.doing} was not done`);
    await client.request(operation, args, call);
  };
  const consume: Parameters<typeof createInbox>[0] = async ({ signal } = {}) => {
    consuming = true;
    await request('consume', queue, { doing: 'opening the reply queue', signal });
  };
  const inbox = createInbox(consume);
  client.listen({
    told: inbox.receive,
    async connected(connection) {
      connections += 1;
      if (!consuming) return;
      // The queue went with the last connection, and so did what was on its way.
      await connection.request('consume', queue);
      if (connections > 1) inbox.gap();
    },
    needed: () => consuming,
  });
  /** An answer from memory alone would read as "not there" while the broker cannot be reached. */
  const reachable = (doing: string, signal: AbortSignal | undefined): Promise<void> =>
    request('ping', undefined, { doing, signal });

  return {
    contract: CONTRACT_VERSION,
    name: 'owner',
    traits: { durable: false, readers: 'owner', maxBytes: MAX_BYTES, keeps: 'all' },
    async put(records, { routes, signal } = {}) {
      const replies = records.map((record) => replyOf(record, routes));
      const sent = replies.filter((reply) => 'queue' in reply);
      await request('publish', sent, { doing: `the put of ${records.length} records`, write: true, signal });
      // What the owner makes of it is not heard of.
      return replies.map((reply) => ('queue' in reply ? { applied: true } : reply));
    },
    async get(taskIds, { signal, verbatim } = {}) {
      await reachable(`the get of ${taskIds.length} ids`, signal);
      return taskIds.map((taskId) => inbox.read(taskId, verbatim));
    },
    async delete(taskIds, { signal } = {}) {
      await reachable(`the delete of ${taskIds.length} ids`, signal);
      return inbox.delete(taskIds);
    },
    async close() {
      closed = true;
      inbox.close();
      await client.close();
    },
    notify: { subscribe: inbox.subscribe },
    routing: {
      async route(taskId, options) {
        await consume(options);
        return { replyTo: queue, correlationId: taskId };
      },
    },
  };
}

function replyOf(record: TaskRecord, routes: PutOptions['routes']): Reply | { readonly refused: ResultError } {
  const { taskId } = record;
  const route = routes?.get(taskId);
  if (route === undefined) {
    const next = 'pass the route that its owner gave with the task';
    const message = `task ${taskId} has no reply route, so that nobody could read its result: ${next}`;
    return { refused: new ResultError('RB_UNSUPPORTED', message, { taskId }) };
  }
  const entry = entryOf(record);
  if ('refused' in entry) return entry;
  if (Buffer.byteLength(entry.data) > MAX_BYTES) {
    const message = `task ${taskId} takes more than ${MAX_BYTES} bytes`;
    return { refused: new ResultError('RB_TOO_LARGE', message, { taskId }) };
  }
  // A queue keeps no deadlines.
  return { queue: route.replyTo, answer: { taskId, expiresAt: null, data: entry.data } };
}
