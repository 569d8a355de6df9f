import { chunksOf, type GetOptions, type GetOutcome, type Refused, ResultError, type TaskRecord } from '@rb/core';
import { CHUNK, callScript, isCluster, type Stored } from './commands.js';
import type { Client } from './connection.js';
import type { Message } from './delivery.js';
import type { Keys } from './keys.js';
import type { Layout } from './layout.js';

/** One entry per id, same order. Values and deadlines are of one moment per chunk. */
export async function getAll(
  client: Client,
  keys: Keys,
  layout: Layout,
  taskIds: readonly string[],
  { verbatim = false, deadlines = true }: GetOptions = {},
): Promise<readonly GetOutcome[]> {
  const read = deadlines ? readKeys : readValues;
  // Each is decoded while the server works on the next.
  const chunks = chunksOf(taskIds, chunkSize(client)).map(async (chunk) => {
    const entries = await read(client, chunk.map(keys.task), layout.binary);
    return entries.map(({ value, deadline }, i): GetOutcome => {
      const taskId = chunk[i] as string;
      if (value !== null) return layout.decode(taskId, value, expiresAtOf(deadline), verbatim);
      return deadline === NO_KEY ? undefined : { taskId, refused: noString(taskId) };
    });
  });
  return (await Promise.all(chunks)).flat();
}

/** What PEXPIRETIME says where there is no deadline, and where there is no such key. */
const NEVER = -1;
const NO_KEY = -2;

const noString = (taskId: string): ResultError =>
  new ResultError('RB_DECODE', `task ${taskId}: its key holds no string; another program uses the name`, { taskId });

export interface Entry {
  /** Null where there is none, or no string. */
  readonly value: Stored | null;
  /** Unix ms; less than 0 where it never expires, or is gone. */
  readonly deadline: number;
}

/** What keys of one slot hold, all at one moment. */
export async function readKeys(client: Client, keys: readonly string[], binary: boolean): Promise<readonly Entry[]> {
  const reply = (await callScript(client, 'rbGet', [keys.length, ...keys], true)) as readonly (Buffer | null)[];
  const deadlines = reply[keys.length] as Buffer;
  return keys.map((_, i) => {
    const value = reply[i] ?? null;
    return { value: value === null || binary ? value : value.toString(), deadline: deadlines.readDoubleLE(8 * i) };
  });
}

/** The same without deadlines, half the work for the server; keys where MGET finds no string are looked at again. */
async function readValues(client: Client, keys: readonly string[], binary: boolean): Promise<readonly Entry[]> {
  const values: readonly (Stored | null)[] = binary ? await client.mgetBuffer(...keys) : await client.mget(...keys);
  const empty = keys.filter((_, i) => values[i] === null);
  const found = empty.length > 0 ? (await readKeys(client, empty, binary)).values() : undefined;
  return values.map((value) => (value === null && found?.next().value) || { value, deadline: NEVER });
}

/** The records of what was pushed, with the deadlines that messages do not carry. */
export async function recordsOf(
  client: Client,
  keys: Keys,
  layout: Layout,
  messages: readonly Message[],
): Promise<readonly (TaskRecord | Refused)[]> {
  const decodeAll = async (): Promise<readonly (TaskRecord | Refused)[]> =>
    messages.map(({ taskId, value }) => layout.decode(taskId, value, null));
  const taskIds = messages.map(({ taskId }) => taskId);
  // Decoded while the server looks the deadlines up: who waits is told sooner.
  const [deadlines, outcomes] = await Promise.all([deadlinesOf(client, keys, taskIds), decodeAll()]);
  return outcomes.map((each, i) => ('state' in each ? { ...each, expiresAt: deadlines[i] ?? null } : each));
}

/** Unix ms per id; null where it never expires, or is gone. */
async function deadlinesOf(
  client: Client,
  keys: Keys,
  taskIds: readonly string[],
): Promise<readonly (number | null)[]> {
  const chunks = chunksOf(taskIds, chunkSize(client)).map(async (chunk) => {
    const args = [chunk.length, ...chunk.map(keys.task)];
    const packed = (await callScript(client, 'rbDeadlines', args, true)) as Buffer;
    return chunk.map((_, i) => expiresAtOf(packed.readDoubleLE(8 * i)));
  });
  return (await Promise.all(chunks)).flat();
}

/** In a Cluster each key is in a slot of its own. */
const chunkSize = (client: Client): number => (isCluster(client) ? 1 : CHUNK);

export const expiresAtOf = (deadline: number): number | null => (deadline >= 0 ? deadline : null);
