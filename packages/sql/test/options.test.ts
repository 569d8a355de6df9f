import { describe, expect, it } from 'vitest';
import { type SqliteStoreOptions, sqliteSchema, sqliteStore, storeFromUrl } from '../src/sqlite/index.js';

const wrong: readonly (readonly [object, string])[] = [
  [{ filenam: 'x' }, 'expected options among filename, database'],
  [{ filename: 5 }, 'expected a path as text as filename, got number'],
  [{ filename: new URL('file:///x') }, 'as filename'],
  [{ database: null }, 'as database, got null'],
  [{ filename: 'x', tables: 'y' }, 'as tables'],
  [{ filename: 'x', createTables: 'no' }, 'as createTables'],
  [{ filename: 'x', layout: 'celeri' }, 'expected one of extended, celery, django, django-extended as layout'],
  [{ filename: 'x', readonly: 1 }, 'as readonly'],
  [{ filename: 'x', busyTimeoutMs: 'soon' }, 'expected milliseconds from 0 up as busyTimeoutMs, got string'],
  [{ filename: 'x', busyTimeoutMs: Number.NaN }, 'as busyTimeoutMs'],
  [{ filename: 'x', synchronous: 'normal' }, 'as synchronous'],
  [{ filename: 'x', journalMode: 'WAL; DROP TABLE celery_taskmeta' }, 'expected one of WAL, DELETE as journalMode'],
  [{ filename: 'x', serializer: 'json' }, 'as serializer'],
  [{ filename: 'x', maxBytes: Number.NaN }, 'as maxBytes'],
  [{ filename: 'x', pollMs: -1 }, 'as pollMs'],
  [{ filename: 'x', pollMs: 0 }, 'as pollMs'],
  [{ filename: 'x', now: 5 }, 'as now'],
  [{ filename: 'x', onBackgroundError: 'log' }, 'as onBackgroundError'],
];

describe('wrong options', () => {
  it.each(wrong)('are a TypeError at once, with what was expected: %o', (options, message) => {
    for (const make of [sqliteStore, sqliteSchema]) {
      expect(() => make(options as SqliteStoreOptions)).toThrow(TypeError);
      expect(() => make(options as SqliteStoreOptions)).toThrow(message);
    }
  });

  it('are found in what comes with a URL, and where there are none at all', () => {
    expect(() => storeFromUrl('sqlite:///x.db', { pollsMs: 5 } as SqliteStoreOptions)).toThrow('got pollsMs');
    expect(() => sqliteStore(undefined as unknown as SqliteStoreOptions)).toThrow('such as { filename }');
  });

  it('do not include those left undefined', async () => {
    const store = sqliteStore({ filename: ':memory:', database: undefined, pollMs: undefined, layout: undefined });
    expect(await store.get(['a'])).toEqual([undefined]);
    await store.close();
  });
});
