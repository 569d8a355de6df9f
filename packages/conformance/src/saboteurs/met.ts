import {
  isKind,
  json,
  RemoteError,
  ResultError,
  ResultNode,
  type ResultStore,
  type TaskMeta,
  type TaskRecord,
} from '@rb/core';
import { reading, storing, text } from './altered.js';
import { nowOf, readBack, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';

const CHILD = new ResultNode('child', new ResultNode('parent'));

/** Metadata and layout. */
export const MET_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'empty-traceback-is-none',
    violates: 'MET-1',
    on: 'memory',
    sabotage: (store) => storing(store, (record) => ({ ...record, traceback: record.traceback || null })),
    exposes: (world) => readBack(world, { traceback: '' }),
  },
  {
    name: 'cuts-long-tracebacks',
    violates: 'MET-1',
    on: 'memory',
    seen: 'MySQL without strict mode: a column that is too short cuts',
    sabotage: (store) =>
      storing(store, (record) => ({ ...record, traceback: record.traceback?.slice(0, 16_384) ?? null })),
    exposes: (world) => readBack(world, { traceback: 'x'.repeat(20_000) }),
  },
  {
    name: 'stamps-done-at',
    violates: 'MET-2',
    on: 'memory',
    seen: 'Celery backends/database/models.py: onupdate',
    sabotage: (store, { world }) =>
      storing(store, (record) => ({ ...record, doneAt: record.doneAt === null ? null : nowOf(world) })),
    exposes: (world) => readBack(world, { doneAt: 5 }),
  },
  {
    name: 'the-epoch-is-no-date',
    violates: 'MET-2',
    on: 'memory',
    sabotage: (store) => storing(store, (record) => ({ ...record, doneAt: record.doneAt || null })),
    exposes: (world) => readBack(world, { doneAt: 0 }),
  },
  {
    name: 'drops-nulls-of-meta',
    violates: 'MET-3',
    on: 'memory',
    sabotage: (store) =>
      storing(store, (record) => ({ ...record, meta: metaOf(record, (_, value) => value !== null) })),
    exposes: (world) => readBack(world, { meta: { name: null } }),
  },
  {
    name: 'drops-unknown-meta',
    violates: 'MET-3',
    on: 'memory',
    seen: 'a schema of known columns: stamps are lost',
    sabotage: (store) =>
      storing(store, (record) => ({ ...record, meta: metaOf(record, (key) => !key.startsWith('unknown')) })),
    exposes: (world) => readBack(world, { meta: { 'unknown key': 1 } }),
  },
  {
    name: 'forgets-parents-of-children',
    violates: 'MET-4',
    on: 'memory',
    sabotage: (store) =>
      storing(store, (record) => {
        const children = record.meta.children?.map(({ id, members }) => new ResultNode(id, null, members));
        return children ? { ...record, meta: { ...record.meta, children } } : record;
      }),
    exposes: (world) => readBack(world, { meta: { children: [CHILD] } }),
  },
  {
    name: 'reads-only-its-own-dates',
    violates: 'MET-5',
    on: 'memory',
    seen: 'Celery 5.2 refuses the dates that 5.5 writes',
    sabotage: (store) =>
      reading(store, (record) => {
        if (Number.isInteger(record.doneAt ?? 0)) return record;
        return { taskId: record.taskId, refused: new ResultError('RB_DECODE', 'no date', { taskId: record.taskId }) };
      }),
    exposes: readsVectors,
  },
  {
    name: 'reads-whole-milliseconds',
    violates: 'MET-5',
    on: 'memory',
    sabotage: (store) =>
      reading(store, (record) => ({ ...record, doneAt: record.doneAt && Math.floor(record.doneAt) })),
    exposes: readsVectors,
  },
  {
    name: 'double-encodes-the-result',
    violates: 'MET-6',
    on: 'memory',
    seen: 'Celery backends/mongodb.py encodes the value, backends/redis.py does not',
    sabotage: (store) =>
      reading(
        storing(store, (record) => ({ ...record, result: encoded(record.result) })),
        (record) => ({ ...record, result: text(record.result, decoded) }),
      ),
    async exposes(world) {
      await readBack(world, { result: { a: 1 } });
      return world.raw?.read('t');
    },
  },
  {
    name: 're-encodes-what-is-verbatim',
    violates: 'MET-7',
    on: 'memory',
    sabotage: (store) => storing(store, ({ verbatim: _, ...record }) => record),
    async exposes(world) {
      const vector = world.raw?.vectors?.[0];
      const store = await storeOf(world);
      const taskId = vector?.record.taskId ?? '';
      await world.raw?.write(taskId, vector?.stored);
      const [found] = await store.get([taskId], { verbatim: true });
      await store.delete([taskId]);
      if (found && 'state' in found) await store.put([found]);
      return world.raw?.read(taskId);
    },
  },
  {
    name: 'revives-exceptions',
    violates: 'MET-8',
    on: 'memory',
    seen: 'Celery before 5.2.2: CVE-2021-23727',
    sabotage: (store) =>
      reading(store, (record) => {
        const { result } = record;
        const known = isKind(result, 'error') ? (globalThis as Record<string, unknown>)[result.type] : undefined;
        return typeof known === 'function' ? { ...record, result: Reflect.construct(known, argsOf(result)) } : record;
      }),
    exposes: (world) => readBack(world, { state: 'FAILURE', result: new RemoteError('Date', null, [0]) }),
  },
  {
    name: 'reads-exceptions-without-their-module',
    violates: 'MET-8',
    on: 'memory',
    sabotage: (store) =>
      reading(store, (record) => {
        const { result } = record;
        return isKind(result, 'error') && result.module !== 'builtins' && result.module !== 'celery.exceptions'
          ? { ...record, result: new RemoteError(result.type, null, result.args) }
          : record;
      }),
    exposes: (world) => readBack(world, { state: 'FAILURE', result: new RemoteError('E', 'app.errors', []) }),
  },
  {
    name: 'trusts-any-verbatim-form',
    violates: 'MET-9',
    on: 'memory',
    sabotage: (store, { memory }) => ({
      ...storing(store, (record) => {
        const { verbatim, ...rest } = record;
        const isOwn = verbatim === undefined || memory.has(verbatim.layout);
        return isOwn ? record : { ...rest, result: verbatim.data };
      }),
      async get(taskIds, options) {
        const outcomes = await store.get(taskIds, options);
        for (const found of outcomes) if (found && 'verbatim' in found) memory.set(found.verbatim?.layout ?? '', true);
        return outcomes;
      },
    }),
    exposes: (world) => readBack(world, { result: 1, verbatim: { layout: 'another', data: '2' } }),
  },
  {
    name: 'decodes-nothing-that-is-verbatim',
    violates: 'MET-10',
    on: 'memory',
    sabotage: (store) => reading(store, (record) => (record.verbatim ? { ...record, result: null, meta: {} } : record)),
    async exposes(world) {
      const found = await readBack(world, { result: 1 }, { verbatim: true });
      return found && 'result' in found && found.result;
    },
  },
  {
    name: 'spreads-meta-over-the-record',
    violates: 'MET-11',
    on: 'memory',
    seen: 'Celery backends/base.py: stamps are spread over the document',
    sabotage: (store) =>
      storing(store, (record) => {
        const { state = record.state } = record.meta;
        return { ...record, state: String(state) };
      }),
    exposes: (world) => readBack(world, { meta: { state: 'of a stamp' } }),
  },
];

const metaOf = ({ meta }: TaskRecord, keeps: (key: string, value: unknown) => boolean): TaskMeta =>
  Object.fromEntries(Object.entries(meta).filter(([key, value]) => keeps(key, value)));

const argsOf = (error: unknown): readonly unknown[] => (isKind(error, 'error') ? error.args : []);

/** What cannot be encoded stays as it is, for the store to refuse. */
function encoded(result: unknown): unknown {
  try {
    return isKind(result, 'error') ? result : json.encode(result);
  } catch {
    return result;
  }
}

function decoded(stored: string): unknown {
  try {
    return json.decode(stored);
  } catch {
    return stored;
  }
}

async function readsVectors(world: Parameters<Saboteur['exposes']>[0]): Promise<unknown> {
  const store: ResultStore = await storeOf(world);
  const vectors = world.raw?.vectors ?? [];
  for (const { record, stored } of vectors) await world.raw?.write(record.taskId, stored);
  return store.get(vectors.map(({ record }) => record.taskId));
}
