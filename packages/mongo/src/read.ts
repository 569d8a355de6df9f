import { chunksOf, type GetOptions, type GetOutcome } from '@rb/core';
import type { Collection } from 'mongodb';
import type { Task } from './client.js';
import type { Layout } from './layout.js';

/** Ids of one command, which may take 16 MiB. */
export const CHUNK = 10_000;

/** One entry per id, same order. */
export async function getAll(
  tasks: Collection<Task>,
  layout: Layout,
  taskIds: readonly string[],
  now: number,
  { verbatim = false }: GetOptions = {},
): Promise<readonly GetOutcome[]> {
  const found = new Map<string, NonNullable<GetOutcome>>();
  const chunks = chunksOf([...new Set(taskIds)], CHUNK).map(async (ids) => {
    const filter = { _id: ids.length === 1 ? ids[0] : { $in: ids } };
    // All that fits into one reply: by default the driver asks for 101 first.
    const documents = tasks.find(filter as object, { raw: true, batchSize: ids.length + 1 });
    for (const bytes of await documents.toArray()) {
      const outcome = layout.decode(bytes as unknown as Uint8Array, verbatim);
      if ('refused' in outcome || !isExpired(outcome, now)) found.set(outcome.taskId, outcome);
    }
  });
  await Promise.all(chunks);
  return taskIds.map((taskId) => found.get(taskId));
}

const isExpired = ({ expiresAt }: { readonly expiresAt: number | null }, now: number): boolean =>
  expiresAt !== null && expiresAt <= now;
