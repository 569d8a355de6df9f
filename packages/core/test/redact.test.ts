import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactText, redactUrl } from '../src/index.js';

describe('redactUrl', () => {
  it.each([
    ['redis://localhost:6379/0', 'redis://localhost:6379/0'],
    ['redis://user:pw@host:6379/0', 'redis://user:**@host:6379/0'],
    ['redis://:pw@host', 'redis://:**@host'],
    ['redis://token@host', 'redis://**@host'],
    ['rediss://h?password=pw&ssl=1', 'rediss://h?password=**&ssl=**'],
    ['redis+socket:///run/redis.sock?virtual_host=2', 'redis+socket:///run/redis.sock?virtual_host=**'],
    ['sentinel://:p1@a:26379/0;sentinel://:p2@b:26379', 'sentinel://:**@a:26379/0;sentinel://:**@b:26379'],
    ['mongodb://u:p@a:1,b:2,[::1]:3/db?replicaSet=rs', 'mongodb://u:**@a:1,b:2,[::1]:3/db?replicaSet=**'],
    ['mongodb+srv://u:p@cluster.example.net/db', 'mongodb+srv://u:**@cluster.example.net/db'],
    ['db+postgresql+psycopg2://u:p%40@h/d', 'db+postgresql+psycopg2://u:**@h/d'],
    ['db+sqlite:////var/lib/results.sqlite', 'db+sqlite:////var/lib/results.sqlite'],
    ['amqp://u:p@h//', 'amqp://u:**@h//'],
    ['rpc://', 'rpc://'],
    ['memory://', 'memory://'],
  ])('shows what is safe of %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it.each([
    ['a password with @', 'redis://u:p@ss@h', 'redis://u:**@h'],
    ['a password with /', 'redis://u:p/ss@h', 'redis://u:**@h'],
    ['a password with ?', 'redis://u:p?ss@h', 'redis://**'],
    ['a password with ;', 'redis://u:p;ss@h', 'redis://u:**@h'],
    ['a password with a URL', 'redis://u:p;redis://ss@h', 'redis://u:**@h'],
    ['a password with #', 'redis://u:p#ss@h', 'redis://u:**@h'],
    ['a forgotten host', 'redis://u:password', 'redis://**'],
    ['a query value with @', 'redis://h/0?password=p@ss', 'redis://**'],
    ['a query without =', 'redis://h?secret', 'redis://h?**'],
    ['a strange host', 'redis://u:p@h h', 'redis://**'],
    ['no scheme', 'password', '**'],
    ['nothing', '', '**'],
  ])('fails closed: %s', (_name, url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });
});

describe('redactText', () => {
  it.each([
    ['no URL here, not even user:pw@host', 'no URL here, not even user:pw@host'],
    ['connect redis://h:6379: refused', 'connect redis://h:6379: refused'],
    ['(see redis://u:pw@h:6379).', '(see redis://u:**@h:6379).'],
    ['error...redis://u:pw@h, 1redis://u:pw@h', 'error...redis://u:**@h, 1redis://u:**@h'],
    ['"redis://u:pw@h/0" and <mongodb://a,b/db?x=1>', '"redis://u:**@h/0" and <mongodb://a,b/db?x=**>'],
    ['primary redis://u:p@a down, spare redis://u:p@b up', 'primary redis://u:**@a down, spare redis://u:**@b up'],
    ['sentinel://:p1@a;sentinel://:p2@b', 'sentinel://:**@a;sentinel://:**@b'],
    ['redis://u:pass word@h is down', 'redis://u:**@h is down'],
    [`redis://u:pa"ss'w<o>rd@h is down`, 'redis://u:**@h is down'],
    ['redis://u:password and no more', 'redis://** and no more'],
    ['line one\nredis://u:pw@h\nline three', 'line one\nredis://u:**@h\nline three'],
  ])('hides what is secret in %j', (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });
});

describe('a password', () => {
  // It begins and ends with what nothing else holds, so that a part of it that survives is found.
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc
      .array(fc.constantFrom(...'@:/?#;&=%[]., \n"\'<>+-0a', '://', 'x://', 'redis://', '@h;redis://'))
      .map((parts) => parts.join('')),
  );
  const password = anything.map((middle) => `Hunter${middle}Secret`);
  const survives = (shown: string): boolean => /Hunter|Secret/.test(shown);
  const scheme = fc.constantFrom('redis', 'db+postgresql+psycopg2', 'mongodb+srv', 'amqp');
  const user = fc.constantFrom('', 'user', 'a.b%40c');
  const place = fc.constantFrom('h', 'h:6379/0', 'a:1,b:2/db?x=y', '[::1]:5', 'h h', '');

  it('never survives redactUrl, whatever its characters', () => {
    fc.assert(
      fc.property(scheme, user, password, place, (s, u, p, h) => {
        expect(survives(redactUrl(`${s}://${u}:${p}@${h}`))).toBe(false);
        expect(survives(redactUrl(`${s}://${p.replaceAll(':', '')}@${h}`))).toBe(false);
        expect(survives(redactUrl(`${s}://${u}:${p.replaceAll('@', '')}`))).toBe(false);
        expect(survives(redactUrl(p.replaceAll('://', '')))).toBe(false);
        expect(survives(redactUrl(`${s}://h/0?password=${encodeURIComponent(p)}`))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('never survives redactText, wherever the URL stands', () => {
    fc.assert(
      fc.property(scheme, user, password, place, fc.string(), fc.string(), (s, u, p, h, before, after) => {
        expect(survives(redactText(`${before}${s}://${u}:${p}@${h}`))).toBe(false);
        expect(survives(redactText(`${before} ${s}://${u}:${p}@${h} ${after}`))).toBe(false);
        expect(survives(redactText(`redis://a:1 ${before} ${s}://${u}:${p}@${h}; ${s}://${u}:${p}@${h}`))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not make redaction slow', () => {
    const long = `redis://${'a'.repeat(50_000)}!${'a,:1'.repeat(10_000)}`;
    expect(redactUrl(long)).toBe('redis://**');
    expect(redactText(`${long} ${')'.repeat(1_000)}`)).toContain('redis://**');
    expect(redactText(`${'a'.repeat(1_000_000)} redis://u:p@h${')'.repeat(100_000)}x`)).toContain('redis://');
  });

  it('is found behind whatever else a scheme may hold', () => {
    expect(redactText('at 1-redis://u:p@h/0 again')).toBe('at 1-redis://u:**@h/0 again');
    expect(redactText('12:// is none')).toBe('12:// is none');
  });
});
