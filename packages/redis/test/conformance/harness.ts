import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant, RawAccess } from '@rb/conformance';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type RedisStoreOptions, redisStore } from '@rb/redis';
import { Redis } from 'ioredis';

/** Where the kit's second process finds the server, and who runs the kit from the command line. */
const URL_VARIABLE = 'RB_REDIS_KIT_URL';

/** What the kit fills a store up to. */
const MAX_BYTES = 4 * 2 ** 20;

/** Short, so that outages of a second tell something. */
const TIMES = { connectTimeoutMs: 1_000, socketTimeoutMs: 500, healthCheckMs: 200 };

const WRONG_PASSWORD = 'not-the-password';

/** On a server that others use too: a world is a prefix. As plain Node imports it: hence the built package. */
export function redisHarness(name: string, url: string): Harness {
  return {
    name,
    module: import.meta.url,
    async about() {
      const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
      const admin = new Redis(url);
      const info = await admin.info('server');
      admin.disconnect();
      const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
      const server = valkey ? `Valkey ${valkey}` : `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1]}`;
      return { storeVersion: version, server };
    },
    async world(joined) {
      process.env[URL_VARIABLE] = url;
      const prefix = joined ?? `rb-${randomUUID()}:`;
      const admin = new Redis(url);
      return {
        token: prefix,
        clock: {
          kind: 'ageing',
          async age(id, ms) {
            for (const key of [`${prefix}celery-task-meta-${id}`, `${prefix}celery-taskset-meta-${id}`]) {
              const left = await admin.pttl(key);
              if (left > 0) await admin.pexpire(key, left - ms);
            }
          },
        },
        raw: rawAccess(admin, prefix),
        open: (variant) => openHandle(url, prefix, variant),
        async dispose() {
          if (joined === undefined) await removeAll(admin, prefix);
          admin.disconnect();
        },
      };
    },
  };
}

/** For the command line, and for second processes. */
export const harness: Harness = redisHarness('redis', process.env[URL_VARIABLE] ?? 'redis://127.0.0.1:6379/0');

async function openHandle(url: string, prefix: string, variant: OpenVariant = 'default'): Promise<Handle | null> {
  const link = await tcpProxy(url);
  const handle = (options: RedisStoreOptions): Handle => ({
    store: redisStore({ url: link.url, globalKeyPrefix: prefix, maxBytes: MAX_BYTES, ...TIMES, ...options }),
    link,
    dispose: link.close,
  });
  switch (variant) {
    case 'default':
      return handle({});
    case 'other-namespace':
      return handle({ globalKeyPrefix: `${prefix}other:` });
    case 'unreachable':
      // Nobody listens on the port of TCPMUX any more.
      return handle({ url: 'redis://127.0.0.1:1/0' });
    case 'bad-credentials':
      return { ...handle({ url: link.url.replace('//', `//nobody:${WRONG_PASSWORD}@`) }), secret: WRONG_PASSWORD };
    case 'borrowed-client':
      return borrowed(link.url, handle);
    case 'no-schema':
    case 'clock-ahead':
      // There is no schema, and no clock but the server's.
      await link.close();
      return null;
    default:
      return variant satisfies never;
  }
}

function borrowed(url: string, handle: (options: RedisStoreOptions) => Handle): Handle {
  const client = new Redis(url);
  const { dispose, ...rest } = handle({ client });
  return {
    ...rest,
    clientWorks: async () => (await client.ping()) === 'PONG',
    async dispose() {
      client.disconnect();
      await dispose?.();
    },
  };
}

const rawAccess = (admin: Redis, prefix: string): RawAccess => ({
  read: async (taskId) => (await admin.get(`${prefix}celery-task-meta-${taskId}`)) ?? undefined,
  async write(taskId, stored) {
    await admin.set(`${prefix}celery-task-meta-${taskId}`, stored as string);
  },
});

/** Never FLUSHDB: the server is others' too. */
async function removeAll(admin: Redis, prefix: string): Promise<void> {
  for await (const keys of admin.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await admin.unlink(...(keys as string[]));
  }
}
