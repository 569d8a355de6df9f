import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect, memoryStore, openStore, registerScheme } from '../src/index.js';
import { errorOf } from './stores.js';

const missing = (specifier: string): Promise<never> =>
  Promise.reject(Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' }));

describe('a scheme', () => {
  it.each([
    ['redis://h:6379/0', '@rb/redis'],
    ['rediss://h', '@rb/redis'],
    ['redis+socket:///run/redis.sock', '@rb/redis'],
    ['sentinel://a:26379;sentinel://b:26379', '@rb/redis'],
    ['postgresql://h/d', '@rb/sql/postgres'],
    ['postgres://h/d', '@rb/sql/postgres'],
    ['db+postgresql://h/d', '@rb/sql/postgres'],
    ['db+postgresql+psycopg2://h/d', '@rb/sql/postgres'],
    ['db+mysql+pymysql://h/d', '@rb/sql/mysql'],
    ['mariadb://h/d', '@rb/sql/mysql'],
    ['db+sqlite:///results.sqlite', '@rb/sql/sqlite'],
    ['sqlite:////var/results.sqlite', '@rb/sql/sqlite'],
    ['mongodb://a,b/d', '@rb/mongo'],
    ['mongodb+srv://h/d', '@rb/mongo'],
    ['rpc://', '@rb/rpc'],
    ['amqp://h//', '@rb/rpc'],
    ['pyamqp://h', '@rb/rpc'],
    ['REDIS://h', '@rb/redis'],
  ])('chooses the adapter, in Celery’s spelling too: %s', async (url, specifier) => {
    const storeFromUrl = vi.fn(() => memoryStore());
    const load = vi.fn(async () => ({ storeFromUrl }));
    await openStore(url, { keyPrefix: 'x' }, load);
    expect(load).toHaveBeenCalledExactlyOnceWith(specifier);
    expect(storeFromUrl).toHaveBeenCalledExactlyOnceWith(url, { keyPrefix: 'x' });
  });

  it.each(['memory://', 'cache+memory://'])('needs no adapter for the memory store: %s', async (url) => {
    await using backend = await connect(url);
    await backend.succeed('a', 1);
    expect(await backend.result('a')).toBe(1);
  });

  it('that is unknown is a TypeError that names the known ones and shows nothing else of the URL', async () => {
    const error = await errorOf(connect('riak://user:hunter2@secret-host/0'));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(
      /expected a URL of one of the schemes redis, .+, got "riak"; registerScheme\(\) adds one/,
    );
    expect(error.stack).not.toMatch(/hunter2|secret-host/);
  });

  it.each(['hunter2', '', 'user:hunter2@host', undefined, { password: 'hunter2' }])(
    'that is missing is a TypeError that shows nothing at all: %j',
    async (url) => {
      const error = await errorOf(connect(url as string));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toBe('expected a URL such as redis://host:6379/0, got text without a scheme');
    },
  );
});

describe('an adapter', () => {
  it('that is not installed is RB_UNSUPPORTED, saying what to install, with the import’s error as its cause', async () => {
    const error = await errorOf(connect('redis://user:hunter2@h', { load: missing }));
    expect(error).toMatchObject({
      code: 'RB_UNSUPPORTED',
      message: '@rb/redis is not installed: npm install @rb/redis ioredis',
      cause: { code: 'ERR_MODULE_NOT_FOUND' },
    });
    expect((await errorOf(connect('db+sqlite:///x', { load: missing }))).message).toContain('better-sqlite3');
  });

  it('is imported by core itself where nothing else is said', async () => {
    expect(await errorOf(connect('mongodb://h'))).toMatchObject({ code: 'RB_UNSUPPORTED' });
  });

  it('is missing too where a bundler says so in its own words', async () => {
    const load = () =>
      Promise.reject(new Error('Could not resolve "@rb/redis" imported by "@rb/core". Is it installed?'));
    expect(await errorOf(connect('redis://h', { load }))).toMatchObject({ code: 'RB_UNSUPPORTED' });
  });

  it('that cannot be loaded for another reason is RB_STORE with that reason', async () => {
    const cause = new SyntaxError('broken file');
    const error = await errorOf(connect('redis://h', { load: () => Promise.reject(cause) }));
    expect(error).toMatchObject({ code: 'RB_STORE', cause });
  });

  it.each([{}, null, undefined, { storeFromUrl: 1 }])('without storeFromUrl is RB_CONTRACT: %j', async (adapter) => {
    expect(await errorOf(connect('redis://h', { load: async () => adapter }))).toMatchObject({ code: 'RB_CONTRACT' });
  });

  it('gets its own options, and the backend the others', async () => {
    const storeFromUrl = vi.fn((_url: string, _options: object) => memoryStore());
    const options = { load: async () => ({ storeFromUrl }), store: { keyPrefix: 'x' }, ignoreResult: true };
    await using backend = await connect('redis://h', options);
    expect(storeFromUrl).toHaveBeenCalledExactlyOnceWith('redis://h', { keyPrefix: 'x' });
    expect(await backend.succeed('a', 1)).toEqual({ applied: false, ignored: true });
    expect(await errorOf(connect('redis://h', { ...options, pollMs: -1 }))).toBeInstanceOf(TypeError);
  });
});

describe('wrong options of connect', () => {
  it.each([
    [null, 'as options'],
    [5, 'as options'],
    [{ store: 'x' }, 'as the options of the store'],
    [{ load: './adapters' }, 'as load'],
  ])('are a TypeError: %o', async (options, message) => {
    const error = await errorOf(connect('memory://', options as object));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(message);
  });
});

describe('registerScheme', () => {
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const takeBack of undo.splice(0)) takeBack();
  });
  const named = (name: string) => () => ({ ...memoryStore(), name });
  const register = (scheme: string, name: string): (() => void) => {
    const takeBack = registerScheme(scheme, named(name));
    undo.push(takeBack);
    return takeBack;
  };
  const nameOf = async (url: string): Promise<string> => (await openStore(url, {}, missing)).name;

  it('adds a scheme, whatever its case and dialect suffix, until it is taken back', async () => {
    const takeBack = register('Acme', 'acme');
    expect([await nameOf('acme://h'), await nameOf('db+acme+driver://h')]).toEqual(['acme', 'acme']);
    takeBack();
    expect(await errorOf(openStore('acme://h'))).toBeInstanceOf(TypeError);
    takeBack();
  });

  it('replaces a built-in one, and gives it back', async () => {
    const takeBack = register('memory', 'other');
    expect(await nameOf('memory://')).toBe('other');
    takeBack();
    expect(await nameOf('memory://')).toBe('memory');
  });

  it('leaves a later registration alone when an earlier one is taken back', async () => {
    const first = register('acme', 'first');
    const second = register('acme', 'second');
    first();
    expect(await nameOf('acme://h')).toBe('second');
    second();
    expect(await nameOf('acme://h')).toBe('first');
  });

  it('refuses what is no scheme or no function', () => {
    expect(() => registerScheme('', named('x'))).toThrow('expected a non-empty string as scheme');
    expect(() => registerScheme('acme', {} as never)).toThrow('expected a function as opener, got Object');
  });
});
