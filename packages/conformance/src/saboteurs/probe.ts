import type { GetOptions, GetOutcome, ResultStore, ScanOptions, TaskRecord } from '@rb/core';
import type { OpenVariant, World } from '../harness.js';

/** For `exposes`: a few calls as a user makes them. */
export async function storeOf(world: World, variant?: OpenVariant): Promise<ResultStore> {
  const handle = await world.open(variant);
  if (handle === null) throw new Error(`the world cannot open '${variant}'`);
  return handle.store;
}

export const sample = (fields: Partial<TaskRecord> = {}): TaskRecord => ({
  taskId: 't',
  state: 'SUCCESS',
  result: null,
  traceback: null,
  doneAt: 1_000,
  meta: {},
  expiresAt: null,
  ...fields,
});

/** What is read of a record that was put; the refusal where it was refused. */
export async function readBack(world: World, fields: Partial<TaskRecord>, options?: GetOptions): Promise<GetOutcome> {
  const store = await storeOf(world);
  const record = sample(fields);
  await store.put([record]);
  const [found] = await store.get([record.taskId], options);
  return found;
}

export const nowOf = ({ clock }: World): number => (clock.kind === 'virtual' ? clock.now() : Date.now());

/** Pages of ids. */
export async function idsByPage({ scan }: ResultStore, options?: ScanOptions): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  if (scan) for await (const { records } of scan.pages(options)) pages.push(records.map(({ taskId }) => taskId));
  return pages;
}

/** What became of each: fulfilled, or the code of its rejection. */
export const settledStates = async (calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
  (await Promise.allSettled(calls)).map((each) =>
    each.status === 'fulfilled' ? 'fulfilled' : (each.reason as { code?: string }).code,
  );
