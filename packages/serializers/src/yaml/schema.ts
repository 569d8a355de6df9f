import { DateTime, Float, PlainDate, PythonSet } from '@rb/core';
import type * as Library from 'js-yaml';
import { Entries } from '../tree-reader.js';
import { BOOL, FLOAT, INT, isoOf, NULL, parseFloating, parseInteger } from './implicit.js';

type Js = Pick<
  typeof Library,
  'defineMappingTag' | 'defineScalarTag' | 'defineSequenceTag' | 'mergeTag' | 'NOT_RESOLVED' | 'Schema'
>;

const tag = (name: string): string => `tag:yaml.org,2002:${name}`;
const never = (): boolean => false;

/** The tags of PyYAML's safe loader, each made as it makes it; there are no others, so that nothing names a class. */
export function schemaOf(js: Js, exactFloats: boolean): Library.Schema {
  const { defineMappingTag, defineScalarTag, defineSequenceTag, NOT_RESOLVED } = js;

  const scalar = (name: string, pattern: RegExp, read: (source: string) => unknown): Library.ScalarTagDefinition =>
    defineScalarTag<unknown>(tag(name), {
      implicit: true,
      identify: never,
      resolve: (source) => (pattern.test(source) ? read(source) : NOT_RESOLVED),
    });

  const float = (value: number): number | Float =>
    exactFloats && Number.isSafeInteger(value) && !Object.is(value, -0) ? new Float(value) : value;

  const map = defineMappingTag<Entries, unknown>(tag('map'), {
    create: () => new Entries(),
    addPair: (entries, key, value) => addPair(entries, key, value),
    has: (entries, key) => entries.has(key),
    keys: (value) => (value instanceof Map ? value.keys() : Object.keys(value as object)),
    get: (value, key) => (value instanceof Map ? value.get(key) : (value as Record<string, unknown>)[key as string]),
    finalize: (entries) => entries.value,
    identify: never,
  });

  const set = defineMappingTag<Map<unknown, unknown>, unknown>(tag('set'), {
    create: () => new Map(),
    addPair: (items, key, value) => addPair(items, key, value),
    has: (items, key) => items.has(key),
    keys: (value) => (value as PythonSet).items,
    get: () => null,
    finalize: (items) => new PythonSet(items.keys()),
    identify: never,
  });

  /** With a last step, so that a list cannot hold itself. */
  const list = (name: string, check: (item: unknown) => boolean, finish: (items: unknown[]) => unknown) =>
    defineSequenceTag<unknown[], unknown>(tag(name), {
      create: () => [],
      addItem(items, item) {
        if (!check(item)) return 'expected a map of one key';
        items.push(item);
        return undefined;
      },
      finalize: finish,
      identify: never,
    });
  const isPair = (item: unknown): boolean => typeof item === 'object' && item !== null && pairOf(item).length === 1;

  return new js.Schema([
    defineScalarTag(tag('str'), { resolve: (source) => source, identify: never }),
    scalar('null', NULL, () => null),
    scalar('bool', BOOL, (source) => /^(?:yes|true|on)$/i.test(source)),
    scalar('int', INT, parseInteger),
    scalar('float', FLOAT, (source) => float(parseFloating(source))),
    defineScalarTag<unknown>(tag('timestamp'), {
      implicit: true,
      identify: never,
      resolve: (source) => timestamp(source) ?? NOT_RESOLVED,
    }),
    defineScalarTag<unknown>(tag('binary'), {
      resolve: (source) => fromBase64(source) ?? NOT_RESOLVED,
      identify: never,
    }),
    js.mergeTag,
    map,
    set,
    list(
      'seq',
      () => true,
      (items) => items,
    ),
    list('omap', isPair, (items) => items.map((item) => pairOf(item)[0])),
    list('pairs', isPair, (items) => items.map((item) => pairOf(item)[0])),
  ]);
}

/** Python's keys have a hash: lists and maps have none. */
function addPair(entries: { set(key: unknown, value: unknown): unknown }, key: unknown, value: unknown): string {
  const isHashable = typeof key !== 'object' || key === null || key instanceof Date || key instanceof PlainDate;
  if (!isHashable && !(key instanceof Float) && !(key instanceof Uint8Array)) return 'a key is a list or a map';
  entries.set(key, value);
  return '';
}

const pairOf = (item: unknown): [unknown, unknown][] =>
  item instanceof Map ? [...item] : Object.entries(item as object);

function timestamp(source: string): Date | PlainDate | undefined {
  // Nearly every scalar is none, which its first character says.
  const first = source.charCodeAt(0);
  if (!(first >= 0x30 && first <= 0x39)) return undefined;
  const iso = isoOf(source);
  if (iso === undefined) return undefined;
  return 'day' in iso ? new PlainDate(iso.day) : DateTime.fromIso(iso.instant);
}

function fromBase64(source: string): Uint8Array | undefined {
  const text = source.replace(/\s/g, '');
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : undefined;
}
