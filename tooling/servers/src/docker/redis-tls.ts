import { RedisContainer } from '@testcontainers/redis';
import { certificates } from '../local/certificates.ts';
import { type Recipe, settings } from './recipe.ts';
import { REDIS_SETTINGS, redisArgument } from './redis.ts';

const FOLDER = '/tls';

/** Redis with TLS alone, which asks clients for no certificate. */
export function redisTls(): Recipe {
  const files = certificates();
  const inside = { ca: `${FOLDER}/ca.pem`, cert: `${FOLDER}/cert.pem`, key: `${FOLDER}/key.pem` };
  const tls = {
    port: '0',
    'tls-port': '6379',
    'tls-ca-cert-file': inside.ca,
    'tls-cert-file': inside.cert,
    'tls-key-file': inside.key,
    'tls-auth-clients': 'no',
  };
  return {
    image: 'redis',
    title: 'Redis',
    port: 6379,
    tls: files,
    container: (image, config) =>
      new RedisContainer(image)
        .withCopyFilesToContainer([
          { source: files.ca, target: inside.ca, mode: 0o644 },
          { source: files.cert, target: inside.cert, mode: 0o644 },
          // The server's own user reads it, whose number we do not know.
          { source: files.key, target: inside.key, mode: 0o644 },
        ])
        .withCommand(['redis-server', ...settings({ ...REDIS_SETTINGS, ...tls, ...config }, redisArgument)]),
    ask: ['redis-cli', '--tls', '--cacert', inside.ca, 'info', 'server'],
    version: /^redis_version:([\d.]+)/m,
    url: (address) => `rediss://${address}/0?ssl_cert_reqs=required&ssl_ca_certs=${encodeURIComponent(files.ca)}`,
  };
}
