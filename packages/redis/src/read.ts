import { type GetOutcome, ResultError } from '@rb/core';
import { callAll, isCluster, type ScriptCall, type Stored } from './commands.js';
import type { Client } from './connection.js';
import type { Keys } from './keys.js';
import type { Layout } from './layout.js';
import { NO_STRING } from './scripts.js';

/** Keys per script: others wait while it runs, some 0.5 ms at this size. */
const CHUNK = 500;

/** One entry per id, same order. Values and deadlines are of one moment per chunk. */
export async function getAll(
  client: Client,
  keys: Keys,
  layout: Layout,
  taskIds: readonly string[],
  verbatim: boolean,
): Promise<readonly GetOutcome[]> {
  const found = await callByKeys(client, 'rbGet', taskIds.map(keys.task), layout.binary);
  return taskIds.map((taskId, i) => {
    const value = found[2 * i];
    const deadline = found[2 * i + 1];
    if (deadline === NO_STRING) return { taskId, refused: noString(taskId) };
    return value === null ? undefined : layout.decode(taskId, value as Stored, expiresAtOf(deadline), verbatim);
  });
}

const noString = (taskId: string): ResultError =>
  new ResultError('RB_DECODE', `task ${taskId}: its key holds no string; another program uses the name`, { taskId });

/** Unix ms per id; null where it never expires, or is gone. */
export async function deadlinesOf(
  client: Client,
  keys: Keys,
  taskIds: readonly string[],
): Promise<readonly (number | null)[]> {
  return (await callByKeys(client, 'rbDeadlines', taskIds.map(keys.task), false)).map(expiresAtOf);
}

/** The replies of a script that takes any number of keys, one after the other. In a Cluster every key is a call of its own. */
async function callByKeys(
  client: Client,
  name: 'rbGet' | 'rbDeadlines',
  keys: readonly string[],
  binary: boolean,
): Promise<readonly unknown[]> {
  const size = isCluster(client) ? 1 : CHUNK;
  const calls: ScriptCall[] = [];
  for (let from = 0; from < keys.length; from += size) {
    const chunk = keys.slice(from, from + size);
    calls.push({ name, args: [chunk.length, ...chunk] });
  }
  const replies = await callAll(client, calls, binary);
  return replies.flatMap((reply) => {
    if ('error' in reply) throw reply.error;
    return reply.value as readonly unknown[];
  });
}

const expiresAtOf = (reply: unknown): number | null => (typeof reply === 'number' && reply >= 0 ? reply : null);
