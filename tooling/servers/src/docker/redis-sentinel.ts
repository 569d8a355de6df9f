import type { Missing, Server, StartOptions } from '../service.ts';
import type { Engine } from './engine.ts';
import { imageOf } from './images.ts';
import { REDIS_SETTINGS } from './redis.ts';
import { noHostNetwork, redisGroup, untilSays } from './redis-group.ts';

/** A failover takes about two seconds with these; a replica that comes back is taken in after some ten. */
const sentinelFile = (masterPort: number): string => `
sentinel monitor mymaster 127.0.0.1 ${masterPort} 2
sentinel down-after-milliseconds mymaster 500
sentinel failover-timeout mymaster 3000
sentinel parallel-syncs mymaster 1
`;

/** A master, two replicas and three Sentinels that watch it as `mymaster`. */
export async function startSentinel(engine: Engine, { config, version }: StartOptions): Promise<Server | Missing> {
  const missing = noHostNetwork(engine);
  if (missing) return missing;
  const group = redisGroup(engine, imageOf('redis', version));
  try {
    const base = { ...REDIS_SETTINGS, ...config };
    const master = await group.add('master', base);
    const replica = { ...base, replicaof: `127.0.0.1 ${master.port}` };
    await Promise.all([1, 2].map(() => group.add('replica', replica)));
    // A Sentinel asks a master for its replicas when it first sees it, and then only every ten seconds.
    await untilSays(master, ['info', 'replication'], /connected_slaves:2/);
    const sentinels = [1, 2, 3].map(() => group.add('sentinel', {}, sentinelFile(master.port)));
    const ports: number[] = [];
    for (const sentinel of await Promise.all(sentinels)) {
      await untilSays(sentinel, ['sentinel', 'master', 'mymaster'], /num-slaves\n2\n/, /num-other-sentinels\n2\n/);
      ports.push(sentinel.port);
    }
    return await group.server('redis-sentinel', ports.map((port) => `sentinel://127.0.0.1:${port}`).join(';'));
  } catch (error) {
    await group.remove();
    throw error;
  }
}
