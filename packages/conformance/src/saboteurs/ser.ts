import { json } from '@rb/core';
import { reading, storing, text, withText } from './altered.js';
import { readBack, sample, storeOf } from './probe.js';
import type { Saboteur } from './saboteur.js';
import { SER_LIMITS_SABOTEURS } from './ser-limits.js';
import { SER_STORED_SABOTEURS } from './ser-stored.js';

/** Serialisation and limits. */
export const SER_SABOTEURS: readonly Saboteur[] = [
  {
    name: 'strips-nul',
    violates: 'SER-1',
    on: 'memory',
    seen: 'PostgreSQL text and jsonb refuse U+0000, so adapters strip it',
    sabotage: (store) => withText(store, (result) => result.replaceAll('\0', '')),
    exposes: (world) => readBack(world, { result: 'a\0b' }),
  },
  {
    name: 'normalises-text',
    violates: 'SER-1',
    on: 'memory',
    sabotage: (store) =>
      storing(store, ({ result, ...record }) => ({
        ...record,
        result: Array.isArray(result) ? result.map((each) => text(each, (it) => it.normalize())) : result,
      })),
    exposes: (world) => readBack(world, { result: ['e\u0301'] }),
  },
  {
    name: 'makes-null-of-nan',
    violates: 'SER-2',
    on: 'memory',
    seen: 'JSON.stringify',
    sabotage: (store) =>
      storing(store, (record) => ({ ...record, result: Number.isNaN(record.result) ? null : record.result })),
    exposes: (world) => readBack(world, { result: Number.NaN }),
  },
  {
    name: 'loses-the-sign-of-zero',
    violates: 'SER-2',
    on: 'memory',
    seen: 'JSON.stringify',
    sabotage: (store) => storing(store, (record) => ({ ...record, result: record.result === 0 ? 0 : record.result })),
    exposes: (world) => readBack(world, { result: -0 }),
  },
  {
    name: 'stores-object-object',
    violates: 'SER-3',
    on: 'memory',
    sabotage: (store) =>
      storing(store, (record) => ({
        ...record,
        result: carried(record.result) ? record.result : String(record.result),
      })),
    exposes: (world) => readBack(world, { result: { callback: () => 1 } }),
  },
  {
    name: 'clears-the-way-before-it-encodes',
    violates: 'SER-3',
    on: 'memory',
    sabotage: (store) => ({
      ...store,
      async put(records, options) {
        const outcomes = await store.put(records, options);
        const refused = records.filter(({ result }, i) => 'refused' in (outcomes[i] ?? {}) && !carried(result));
        if (refused.length > 0) await store.delete(refused.map(({ taskId }) => taskId));
        return outcomes;
      },
    }),
    async exposes(world) {
      const store = await storeOf(world);
      await store.put([sample({ state: 'STARTED' })]);
      await store.put([sample({ result: () => 1 })]);
      return store.get(['t']);
    },
  },
  ...SER_STORED_SABOTEURS,
  ...SER_LIMITS_SABOTEURS,
  {
    name: 'assigns-stored-keys',
    violates: 'SER-8',
    on: 'memory',
    seen: 'CVE-2019-10744, lodash.defaultsDeep',
    sabotage: (store) => reading(store, (record) => ({ ...record, result: assigned(record.result) })),
    async exposes(world) {
      const found = await readBack(world, { result: JSON.parse('{"__proto__": {"polluted": true}}') });
      return found && 'result' in found && (found.result as { readonly polluted?: boolean }).polluted;
    },
  },
  {
    name: 'makes-text-of-dates',
    violates: 'SER-10',
    on: 'memory',
    seen: 'JSON.stringify calls toJSON',
    sabotage: (store) =>
      storing(store, ({ result, ...record }) => ({
        ...record,
        result: result instanceof Date ? result.toISOString() : result,
      })),
    exposes: (world) => readBack(world, { result: new Date(0) }),
  },
  {
    name: 'stringifies-arguments-itself',
    violates: 'SER-10',
    on: 'memory',
    sabotage: (store) =>
      storing(store, (record) => {
        const { args, ...meta } = record.meta;
        return Array.isArray(args) ? { ...record, meta: { ...meta, args: plain(args) } } : record;
      }),
    exposes: (world) => readBack(world, { meta: { args: [new Date(0)] } }),
  },
  {
    name: 'replaces-half-surrogates',
    violates: 'SER-12',
    on: 'memory',
    seen: 'TextEncoder and Buffer.from',
    sabotage: (store) => withText(store, (result) => Buffer.from(result).toString()),
    exposes: (world) => readBack(world, { result: 'a\ud800' }),
  },
];

function carried(result: unknown): boolean {
  try {
    json.encode(result);
    return true;
  } catch {
    return false;
  }
}

/** As who does not know that JSON lacks most types. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)));

function assigned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) copy[key] = member;
  return copy;
}
