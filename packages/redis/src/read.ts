import { type GetOutcome, ResultError } from '@rb/core';
import type { Redis } from 'ioredis';
import { CHUNK, callAll, isCluster, type Replies, repliesOf, type Stored } from './commands.js';
import type { Client } from './connection.js';
import type { Keys } from './keys.js';
import type { Layout } from './layout.js';
import { DEADLINES, NO_STRING } from './scripts.js';

/** One entry per id, same order. Values and deadlines are of one moment per chunk. */
export async function getAll(
  client: Client,
  keys: Keys,
  layout: Layout,
  taskIds: readonly string[],
  verbatim: boolean,
): Promise<readonly GetOutcome[]> {
  const outcomeOf = (taskId: string, value: unknown, deadline: number): GetOutcome => {
    if (deadline === NO_STRING) return { taskId, refused: noString(taskId) };
    return value === null ? undefined : layout.decode(taskId, value as Stored, expiresAtOf(deadline), verbatim);
  };
  if ('nodes' in client || taskIds.length === 1) {
    const calls = taskIds.map((taskId) => ({ name: 'rbGet' as const, args: [1, keys.task(taskId)] }));
    const replies = valuesOf(await callAll(client, calls, layout.binary));
    return taskIds.map((taskId, i) => {
      const [value, deadline] = replies[i] as [unknown, number];
      return outcomeOf(taskId, value, deadline);
    });
  }
  const chunks = chunksOf(taskIds).map(async (chunk) => {
    const { values, deadlines } = await together(client, chunk.map(keys.task), layout.binary);
    return chunk.map((taskId, i) => {
      const value = values[i] ?? null;
      const deadline = deadlines.readDoubleLE(8 * i);
      return outcomeOf(taskId, value, value === null && deadline !== NO_KEY ? NO_STRING : deadline);
    });
  });
  return (await Promise.all(chunks)).flat();
}

/** What PEXPIRETIME says where there is no such key. */
const NO_KEY = -2;

/** Values as bare MGET gives them, which is faster than a script, and their deadlines packed into one reply. */
async function together(
  client: Redis,
  keys: readonly string[],
  binary: boolean,
): Promise<{ readonly values: readonly (Stored | null)[]; readonly deadlines: Buffer }> {
  const transaction = client.multi();
  if (binary) transaction.mgetBuffer(...keys);
  else transaction.mget(...keys);
  // EVAL and not EVALSHA, which could not be mended in a transaction where the server has forgotten the script.
  transaction.callBuffer('EVAL', DEADLINES, keys.length, ...keys);
  const [values, deadlines] = valuesOf(repliesOf(await transaction.exec()));
  return { values: values as (Stored | null)[], deadlines: deadlines as Buffer };
}

const noString = (taskId: string): ResultError =>
  new ResultError('RB_DECODE', `task ${taskId}: its key holds no string; another program uses the name`, { taskId });

/** Unix ms per id; null where it never expires, or is gone. */
export async function deadlinesOf(
  client: Client,
  keys: Keys,
  taskIds: readonly string[],
): Promise<readonly (number | null)[]> {
  const chunks = isCluster(client) ? taskIds.map((taskId) => [taskId]) : chunksOf(taskIds);
  const packed = chunks.map((chunk) => client.callBuffer('EVAL', DEADLINES, chunk.length, ...chunk.map(keys.task)));
  return (await Promise.all(packed)).flatMap((reply, at) =>
    (chunks[at] ?? []).map((_, i) => expiresAtOf((reply as Buffer).readDoubleLE(8 * i))),
  );
}

function chunksOf(taskIds: readonly string[]): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  for (let from = 0; from < taskIds.length; from += CHUNK) chunks.push(taskIds.slice(from, from + CHUNK));
  return chunks;
}

function valuesOf(replies: Replies): readonly unknown[] {
  return replies.map((reply) => {
    if ('error' in reply) throw reply.error;
    return reply.value;
  });
}

const expiresAtOf = (deadline: number): number | null => (deadline >= 0 ? deadline : null);
