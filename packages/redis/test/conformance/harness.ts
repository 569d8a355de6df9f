import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant, RawAccess } from '@rb/conformance';
import { type RedisStoreOptions, redisStore } from '@rb/redis';
import { Cluster, type Redis } from 'ioredis';
import { STORED } from './stored.ts';
import { type Topology, topologyOf } from './topology.ts';

/** Where the kit's second process finds the servers, and who runs the kit from the command line. */
const URL_VARIABLE = 'RB_REDIS_KIT_URL';
const SERVICE_VARIABLE = 'RB_REDIS_KIT_SERVICE';

/** What the kit fills a store up to. */
const MAX_BYTES = 4 * 2 ** 20;

/** Short, so that outages of a second tell something. */
const TIMES = { connectTimeoutMs: 1_000, socketTimeoutMs: 2_000, healthCheckMs: 500 };

const PASSWORD = 'the-password';
const WRONG_PASSWORD = 'not-the-password';

/**
 * On a server that others use too: a world is a prefix. As plain Node imports it: hence the built package.
 *
 * @param restart Of a server of the harness's own, whose users are its own too.
 */
export function redisHarness(name: string, url: string, restart?: () => Promise<void>): Harness {
  const topology = topologyOf(name, url);
  return {
    name,
    module: import.meta.url,
    async about() {
      const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
      const admin = topology.admin();
      const info = String(await admin.info('server'));
      admin.disconnect();
      const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
      const server = valkey ? `Valkey ${valkey}` : `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1]}`;
      return { storeVersion: version, server };
    },
    async world(joined) {
      Object.assign(process.env, { [URL_VARIABLE]: url, [SERVICE_VARIABLE]: name });
      const prefix = joined ?? `rb-${randomUUID()}:`;
      const admin = topology.admin();
      const user = restart && (await userOf(admin, prefix, restart));
      return {
        ...(user && { restart: user.restart, revoke: user.revoke }),
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
        open: (variant) => openHandle(topology, prefix, variant, user?.name),
        async dispose() {
          if (joined === undefined) await removeAll(admin, prefix);
          await user?.remove();
          admin.disconnect();
        },
      };
    },
  };
}

/** For the command line, and for second processes. */
export const harness: Harness = redisHarness(
  process.env[SERVICE_VARIABLE] ?? 'redis',
  process.env[URL_VARIABLE] ?? 'redis://127.0.0.1:6379/0',
);

/** May be refused without harm to anybody else. */
async function userOf(admin: Redis | Cluster, prefix: string, restart: () => Promise<void>) {
  const name = `${prefix}user`.replaceAll(':', '-');
  const set = async (password: string): Promise<void> => {
    await admin.acl('SETUSER', name, 'on', 'resetpass', `>${password}`, '~*', '&*', '+@all');
  };
  await set(PASSWORD);
  return {
    name,
    async restart() {
      await restart();
      // A server without a file for them forgets its users.
      await set(PASSWORD);
    },
    revoke: () => set('another'),
    remove: async (): Promise<void> => void (await admin.acl('DELUSER', name)),
  };
}

async function openHandle(
  topology: Topology,
  prefix: string,
  variant: OpenVariant = 'default',
  user?: string,
): Promise<Handle | null> {
  const { options, client, link, close } = await topology.wired();
  const reaching = user ? { ...options, url: options.url?.replace('//', `//${user}:${PASSWORD}@`) } : options;
  const handle = (options: RedisStoreOptions): Handle => ({
    store: redisStore({ ...reaching, globalKeyPrefix: prefix, maxBytes: MAX_BYTES, ...TIMES, ...options }),
    link,
    dispose: close,
  });
  switch (variant) {
    case 'default':
      return handle({});
    case 'other-namespace':
      return handle({ globalKeyPrefix: `${prefix}other:` });
    case 'unreachable':
      return handle({ cluster: undefined, ...topology.nowhere });
    case 'bad-credentials':
      return { ...handle({ url: options.url?.replace('//', `//nobody:${WRONG_PASSWORD}@`) }), secret: WRONG_PASSWORD };
    case 'borrowed-client':
      return borrowed(client(), handle);
    case 'no-schema':
    case 'clock-ahead':
      // There is no schema, and no clock but the server's.
      await close();
      return null;
    default:
      return variant satisfies never;
  }
}

function borrowed(client: Redis | Cluster, handle: (options: RedisStoreOptions) => Handle): Handle {
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

const rawAccess = (admin: Redis | Cluster, prefix: string): RawAccess => ({
  ...STORED,
  read: async (taskId) => (await admin.get(`${prefix}celery-task-meta-${taskId}`)) ?? undefined,
  async write(taskId, stored) {
    await admin.set(`${prefix}celery-task-meta-${taskId}`, stored as string | Buffer);
  },
  async litter() {
    await admin.set(`${prefix}other-key`, 'x');
    await admin.rpush(`${prefix}celery-task-meta-list`, 'x');
  },
});

/** Never FLUSHDB: the server is others' too. */
async function removeAll(admin: Redis | Cluster, prefix: string): Promise<void> {
  const masters = admin instanceof Cluster ? admin.nodes('master') : [admin];
  for (const master of masters) {
    for await (const keys of master.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
      await Promise.all((keys as string[]).map((key) => admin.unlink(key)));
    }
  }
}
