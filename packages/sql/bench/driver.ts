import { bench } from '@rb/bench';
import { createResultBackend, type ResultStore } from '@rb/core';
import { pickle } from '@rb/serializers/pickle';
import { BATCH, newIds, recordOf, VALUE } from './records.ts';

/** What a user of the bare driver would write for the same work, in a table with the same indexes. */
export interface BareDriver {
  readonly name: string;
  /** A multi-row upsert, without conditions. */
  upsert(taskIds: readonly string[], result: Buffer): Promise<unknown>;
  /** The same of one, prepared. */
  upsertOne(taskId: string, result: Buffer): Promise<unknown>;
  select(columns: string, taskIds: readonly string[]): Promise<unknown>;
}

/** A server that flushes its pages now and then slows down a part of them: their median is then one of many. */
const ROUNDS = 25;

/** Put and get of a store against its bare driver's. */
export async function compareWithDriver(
  name: string,
  driver: BareDriver,
  open: (table: string) => ResultStore,
): Promise<void> {
  const bytes = Buffer.from(pickle.encode(VALUE) as Uint8Array);
  const store = open('store');
  // A table of its own for each: an upsert of random ids is the slower the more of them are there.
  const backend = createResultBackend(open('backend'));

  for (const size of [1, BATCH]) {
    const upsert = (ids: readonly string[]) => driver.upsert(ids, bytes);
    const upsertOne = ([id = '']: readonly string[]) => driver.upsertOne(id, bytes);
    const bare = size === 1 ? upsertOne : upsert;
    await bench(`${name}-put-${size}`, {
      rounds: ROUNDS,
      raw: { name: `${driver.name}: upsert of ${size}`, opsPerIteration: size, run: () => bare(newIds(size)) },
      tasks: [
        {
          name: `${name}Store put`,
          opsPerIteration: size,
          run: () => store.put(newIds(size).map((id) => recordOf(id))),
        },
        {
          name: `backend store, ${size} at once`,
          opsPerIteration: size,
          run: () => Promise.all(newIds(size).map((id) => backend.store(id, 'SUCCESS', VALUE))),
        },
      ],
    });
  }

  const known = newIds(BATCH);
  await store.put(known.map((id) => recordOf(id)));
  await driver.upsert(known, bytes);
  const unpickled = async (columns: string): Promise<unknown[]> => {
    const rows = await driver.select(columns, known);
    return (rows as readonly { readonly result: Buffer }[]).map(({ result }) => pickle.decode(result));
  };
  await bench(`${name}-get`, {
    rounds: ROUNDS,
    raw: {
      name: `${driver.name}: SELECT of five columns, unpickled`,
      opsPerIteration: BATCH,
      run: () => unpickled('task_id, status, result, date_done, traceback'),
    },
    tasks: [
      { name: `${driver.name}: SELECT *, unpickled`, opsPerIteration: BATCH, run: () => unpickled('*') },
      { name: `${name}Store get`, opsPerIteration: BATCH, run: () => store.get(known) },
    ],
  });

  await store.close();
  await backend.close();
}
