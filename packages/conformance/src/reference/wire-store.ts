import {
  CONTRACT_VERSION,
  type PutOutcome,
  ResultError,
  ResultNode,
  type ResultStore,
  type ScanOptions,
  type ScanPage,
} from '@rb/core';
import { type WireCall, type WireClient, wireClient } from './wire-client.js';
import type { WireAddress } from './wire-connection.js';
import { type Answer, entryOf, errorOf, outcomeOf, type PlainError, type PlainGroup } from './wire-records.js';
import { createWatch } from './wire-watch.js';

/** An address, or a client that stays the caller's: `close()` will not close it. */
export type WireStoreOptions = { readonly address: WireAddress } | { readonly client: WireClient };

/** Small enough to be filled, so that the clauses about size run. */
export const MAX_BYTES: number = 1.25 * 2 ** 20;

/** The store of the wire protocol: what an adapter is, over the smallest of all servers. */
export function wireStore(options: WireStoreOptions): ResultStore {
  const client = 'client' in options ? options.client : wireClient(options.address);
  const watch = createWatch(client);
  let closed = false;

  const request = async <T>(operation: string, args: unknown, call: WireCall): Promise<T> => {
    if (closed) throw new ResultError('RB_CLOSED', `the store is closed; ${call.doing} was not done`);
    return (await client.request(operation, args, call)) as T;
  };

  async function* pages({ signal, verbatim, ...options }: ScanOptions = {}): AsyncGenerator<ScanPage> {
    for (let after = options.after; ; ) {
      const page = await request<PlainPage | undefined>('page', { ...options, after }, { doing: 'the scan', signal });
      if (!page) return;
      const records = page.records.flatMap((answer) => outcomeOf(answer, verbatim) ?? []);
      yield { records, cursor: page.cursor };
      after = page.cursor;
    }
  }

  return {
    contract: CONTRACT_VERSION,
    name: 'wire',
    // The server keeps what it is given in memory, but outlives all who use it.
    traits: { durable: true, readers: 'any', maxBytes: MAX_BYTES, keeps: 'all' },
    async put(records, { signal } = {}) {
      const entries = records.map(entryOf);
      const sent = entries.filter((entry) => !('refused' in entry));
      const call = { doing: `the put of ${records.length} records`, write: true, signal };
      const answers = await request<(PutOutcome | { error: PlainError })[]>('put', sent, call);
      return entries.map((entry) => {
        if ('refused' in entry) return entry;
        const answer = answers.shift() as PutOutcome | { error: PlainError };
        return 'error' in answer ? { refused: errorOf(answer.error) } : answer;
      });
    },
    async get(taskIds, { signal, verbatim } = {}) {
      const answers = await request<Answer[]>('get', taskIds, { doing: `the get of ${taskIds.length} ids`, signal });
      return answers.map((answer) => outcomeOf(answer, verbatim));
    },
    delete: (taskIds, { signal } = {}) =>
      request('delete', taskIds, { doing: `the delete of ${taskIds.length} ids`, write: true, signal }),
    async close() {
      closed = true;
      watch.close();
      if (!('client' in options)) await client.close();
    },
    notify: {
      subscribe(handler) {
        const subscription = watch.subscribe(handler);
        return {
          ...subscription,
          async add(taskIds, callOptions) {
            if (closed) throw new ResultError('RB_CLOSED', 'the store is closed; nothing was subscribed to');
            await subscription.add(taskIds, callOptions);
          },
        };
      },
    },
    expiry: {
      resolutionMs: 1,
      sweep: (limit, { signal } = {}) => request('sweep', limit, { doing: 'the sweep', write: true, signal }),
    },
    groups: {
      async save({ members, parent, ...group }, { signal } = {}) {
        const plain: PlainGroup = {
          ...group,
          members: members.map((member) => member.toTuple()),
          parent: parent?.toTuple() ?? null,
        };
        await request('saveGroup', plain, { doing: `saving group ${group.groupId}`, write: true, signal });
      },
      async load(groupId, { signal } = {}) {
        const call = { doing: `loading group ${groupId}`, signal };
        const plain = await request<PlainGroup | undefined>('loadGroup', groupId, call);
        return (
          plain && {
            ...plain,
            members: plain.members.map((member) => ResultNode.fromTuple(member)),
            parent: plain.parent && ResultNode.fromTuple(plain.parent),
          }
        );
      },
      delete: (groupId, { signal } = {}) =>
        request('deleteGroup', groupId, { doing: `deleting group ${groupId}`, write: true, signal }),
      report: (groupId, { taskId }, { signal } = {}) =>
        request('report', { groupId, taskId }, { doing: `the report to group ${groupId}`, write: true, signal }),
    },
    scan: { pages },
    stats: { read: ({ signal } = {}) => request('stats', undefined, { doing: 'the statistics', signal }) },
  };
}

interface PlainPage {
  readonly records: readonly Answer[];
  readonly cursor: string;
}
