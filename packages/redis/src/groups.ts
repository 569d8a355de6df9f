import {
  type GroupCapability,
  type GroupRecord,
  isResultError,
  prepareResult,
  ResultError,
  ResultNode,
  type Serializer,
} from '@rb/core';
import { callScript, isCluster, type Stored } from './commands.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { deadline } from './put.js';
import { type Entry, expiresAtOf, readKeys } from './read.js';

export interface GroupParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly serializer: Serializer;
}

/** Celery's group documents, and its chord parts for counting. Source: celery/backends/redis.py `on_chord_part_return`. */
export function groupsOf({ connection, keys, serializer }: GroupParts): GroupCapability {
  const binary = serializer.contentEncoding === 'binary';
  const keysOf = (groupId: string): readonly string[] => [
    keys.group(groupId),
    keys.parts(groupId),
    keys.size(groupId),
    keys.extra(groupId),
  ];

  const load: GroupCapability['load'] = (groupId, options) =>
    connection.run({ doing: `loading group ${groupId}`, write: false, signal: options?.signal }, async (client) => {
      const [entry] = (await readKeys(client, [keys.group(groupId)], binary)) as [Entry];
      if (entry.value === null) return;
      return decodeGroup(groupId, entry.value, serializer, expiresAtOf(entry.deadline));
    });

  return {
    load,
    async save(group, options) {
      const { groupId, expiresAt, members } = group;
      const doing = `saving group ${groupId}`;
      const node = new ResultNode(groupId, group.parent, members);
      const value = encoded(doing, () => serializer.encode({ result: node.toTuple() }));
      const size = new Set(members.map(({ id }) => id)).size;
      await connection.run({ doing, write: true, signal: options?.signal }, (client) =>
        callScript(client, 'rbSaveGroup', [...keysOf(groupId), value, size, deadline(expiresAt)]),
      );
    },
    delete: (groupId, options) =>
      connection.run({ doing: `deleting group ${groupId}`, write: true, signal: options?.signal }, async (client) => {
        const [group = '', ...others] = keysOf(groupId);
        const deleted = await client.unlink(group);
        // In a Cluster these three share a slot; the group's own key may be in another.
        await (isCluster(client) ? client.unlink(...others) : client.unlink(...others));
        return deleted > 0;
      }),
    async report(groupId, record, options) {
      const { taskId, state, result } = record;
      const doing = `reporting task ${taskId} to group ${groupId}`;
      const group = await load(groupId, options);
      const ids = [...new Set(group?.members.map(({ id }) => id))];
      const place = ids.indexOf(taskId);
      const part = encoded(doing, () =>
        serializer.encode([1, taskId, state, prepareResult(state, result, serializer)]),
      );
      // A non-member asks for the count at a place where nobody reports.
      if (group === undefined) return { reported: 0, last: false };
      return connection.run({ doing, write: true, signal: options?.signal }, async (client) => {
        if (place < 0) return { reported: await client.zcard(keys.parts(groupId)), last: false };
        const reply = (await callScript(client, 'rbReport', [
          ...keysOf(groupId),
          place,
          part,
          ids.length,
        ])) as readonly number[];
        return { reported: reply[0] ?? 0, last: reply[1] === 1 };
      });
    },
  };
}

function decodeGroup(groupId: string, value: Stored, serializer: Serializer, expiresAt: number | null): GroupRecord {
  try {
    const document = serializer.decode(value) as { readonly result?: unknown } | null;
    const { members, parent } = ResultNode.fromTuple(document?.result);
    return { groupId, members: members ?? [], parent, expiresAt };
  } catch (cause) {
    // A serializer's own error shows no payload; what else was thrown may.
    throw new ResultError(
      'RB_DECODE',
      `group ${groupId}: what is stored is no group`,
      isResultError(cause) ? { cause } : {},
    );
  }
}

function encoded(doing: string, encode: () => string | Uint8Array): string | Uint8Array {
  try {
    return encode();
  } catch (cause) {
    throw isResultError(cause)
      ? cause
      : new ResultError('RB_ENCODE', `${doing} failed: its serializer refused the value`);
  }
}
