import { describe, expect, it } from 'vitest';
import { proxiedUrl, upstreamOf } from '../src/proxied-url.js';

describe('the address in a URL', () => {
  it.each([
    ['redis://localhost:6380/0', 'localhost', 6380],
    ['redis://localhost/0', 'localhost', 6379],
    ['rediss://:p%40ss@cache.example:1', 'cache.example', 1],
    ['redis:///1', '127.0.0.1', 6379],
    ['amqp://guest:guest@[::1]:5673//', '::1', 5673],
    ['db+postgresql://u:p@h/results?sslmode=disable', 'h', 5432],
    ['mysql+pymysql://u:p@h/results', 'h', 3306],
    ['acme://h:9', 'h', 9],
    ['postgresql://u:p@ss@h:2/x@y', 'h', 2],
  ])('is found in %s', (url, host, port) => {
    expect(upstreamOf(url)).toEqual({ host, port });
  });

  it('may be given instead of a URL', () => {
    expect(upstreamOf({ host: 'h', port: 5 })).toEqual({ host: 'h', port: 5 });
    expect(upstreamOf(new URL('amqp://h:7'))).toEqual({ host: 'h', port: 7 });
  });

  it.each([
    ['acme://h', 'expected a port'],
    ['mongodb://u:secret@a:1,b:2/x', 'expected scheme://host:port'],
    ['h:1', 'expected scheme://host:port'],
  ])('is asked for where %s has none, and no password is shown', (url, message) => {
    expect(() => upstreamOf(url)).toThrow(message);
    expect(() => upstreamOf(url)).not.toThrow('secret');
  });
});

describe("the proxy's URL", () => {
  it.each([
    ['rediss://u:p%40ss@cache.example:6380/3?db=2#x', 'rediss://u:p%40ss@127.0.0.1:99/3?db=2#x'],
    ['redis:///1', 'redis://127.0.0.1:99/1'],
    ['amqp://g:g@[::1]//', 'amqp://g:g@127.0.0.1:99//'],
    ['postgresql://u:p@ss@h/x', 'postgresql://u:p@ss@127.0.0.1:99/x'],
  ])('is %s but for host and port', (url, expected) => {
    expect(proxiedUrl(url, '127.0.0.1', 99)).toBe(expected);
  });

  it('is tcp:// where an address was given', () => {
    expect(proxiedUrl({ host: 'h', port: 5 }, '127.0.0.1', 99)).toBe('tcp://127.0.0.1:99');
  });
});
