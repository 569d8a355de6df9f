import { describe, expect, it } from 'vitest';
import { storeFromUrl } from '../src/sqlite/index.js';
import { optionsFromUrl } from '../src/sqlite/url.js';
import { record, temporaryFile } from './support.js';

describe('a URL', () => {
  it.each([
    ['sqlite://', ':memory:'],
    ['sqlite:///', ':memory:'],
    ['sqlite:///:memory:', ':memory:'],
    ['sqlite:///results.db', 'results.db'],
    ['sqlite:///a/b.db', 'a/b.db'],
    ['sqlite:////var/lib/results.db', '/var/lib/results.db'],
    ['db+sqlite:////var/lib/results.db', '/var/lib/results.db'],
    ['db+sqlite+pysqlite:///x.db?check_same_thread=False', 'x.db'],
    ['sqlite:///C:\\data\\x.db', 'C:\\data\\x.db'],
    ['SQLITE:///X.db', 'X.db'],
    ['sqlite:////tmp/a%20b 100%.db', '/tmp/a%20b 100%.db'],
  ])('%s is the file %s', (url, filename) => {
    expect(optionsFromUrl(url)).toEqual({ filename });
  });

  it('carries the timeout in seconds, as in Python', () => {
    expect(optionsFromUrl('sqlite:///x.db?timeout=1.5')).toEqual({ filename: 'x.db', busyTimeoutMs: 1_500 });
  });

  it.each([
    'sqlite:x.db',
    'postgresql://h/x',
    'sqlite://host/x.db',
    'sqlite:///x.db?mode=ro',
    'sqlite:///x.db?timeout=soon',
  ])('%s is refused', (url) => {
    expect(() => optionsFromUrl(url)).toThrow(TypeError);
  });

  it('opens a store with the other options given', async () => {
    const filename = temporaryFile();
    const store = storeFromUrl(`db+sqlite:///${filename}`, { tables: { task: 'tasks', group: 'groups' } });
    await store.put([record('a')]);
    expect(await store.get(['a'])).toEqual([record('a')]);
    await store.close();
  });
});

describe('the options', () => {
  it('name exactly one of a file and a database', async () => {
    const { sqliteStore } = await import('../src/sqlite/index.js');
    expect(() => sqliteStore({})).toThrow('expected exactly one of filename and database');
  });
});
