import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from '../src/url.js';

const tcp = { kind: 'tcp', host: 'localhost', port: 6379, db: 0 };

describe('URLs as Celery spells them', () => {
  it.each([
    ['redis://', tcp],
    ['redis://localhost', tcp],
    ['redis://localhost:6380/3', { ...tcp, port: 6380, db: 3 }],
    ['redis://:p%40ss@h/1', { ...tcp, host: 'h', db: 1, password: 'p@ss' }],
    ['redis://us%2Fer:pw@h:1/', { ...tcp, host: 'h', port: 1, username: 'us/er', password: 'pw' }],
    ['redis://u:a:b@h', { ...tcp, host: 'h', username: 'u', password: 'a:b' }],
    ['redis://u:p@h/1?db=2&password=other', { ...tcp, host: 'h', db: 2, username: 'u', password: 'other' }],
    ['redis://[::1]:6381/0', { ...tcp, host: '::1', port: 6381 }],
    ['valkey://h', { ...tcp, host: 'h' }],
    ['redis+socket:///run/redis.sock', { kind: 'socket', path: '/run/redis.sock', db: 0 }],
    [
      'redis+socket://:pw@/run/redis.sock?virtual_host=2',
      { kind: 'socket', path: '/run/redis.sock', db: 2, password: 'pw' },
    ],
    ['socket:///tmp/r.sock', { kind: 'socket', path: '/tmp/r.sock', db: 0 }],
    [
      'sentinel://:pw@a:26379/1;sentinel://b;sentinel://c:5',
      {
        kind: 'sentinel',
        password: 'pw',
        db: 1,
        hosts: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 26379 },
          { host: 'c', port: 5 },
        ],
      },
    ],
  ])('reads %s', (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
    expect(parseRedisUrl(url).tls).toBeUndefined();
  });

  it.each([
    ['rediss://h', { rejectUnauthorized: true }],
    ['rediss://h?ssl_cert_reqs=CERT_REQUIRED', { rejectUnauthorized: true }],
    ['rediss://h?ssl_cert_reqs=required', { rejectUnauthorized: true }],
    ['rediss://h?ssl_cert_reqs=CERT_NONE', { rejectUnauthorized: false }],
    ['rediss://h?ssl_cert_reqs=optional', { rejectUnauthorized: false }],
  ])('reads the TLS settings of %s', (url, expected) => {
    expect(parseRedisUrl(url).tls).toMatchObject(expected);
  });

  it('keeps what it has no use for', () => {
    expect(parseRedisUrl('redis://h/0?socket_timeout=1.5').parameters).toEqual(new Map([['socket_timeout', '1.5']]));
  });

  it.each([
    ['http://h', /redis, rediss, redis\+socket or sentinel/],
    ['redis://h/abc', /number of a database/],
    ['redis://h:99999', /host:port/],
    ['redis://h?ssl_cert_reqs=none', /rediss:\/\//],
    ['rediss://h?ssl_cert_reqs=maybe', /required, optional or none/],
    ['rediss://h?ssl_ca_certs=/nowhere/ca.pem', /ssl_ca_certs to name a file.*ENOENT/],
    ['redis://h/0;redis://i/0', /host:port|number of a database|sentinel/],
    ['redis://:%zz@h', /percent-encoding/],
    ['redis+socket://', /path of a socket/],
    ['nonsense', /such as redis/],
  ])('refuses %s without showing it', (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(TypeError);
    expect(() => parseRedisUrl(url)).toThrow(message);
  });

  it('shows no password in an error', () => {
    expect(() => parseRedisUrl('redis://:geheim@h/abc')).toThrow(/^((?!geheim).)*$/);
  });
});
