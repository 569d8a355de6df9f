import { freePort } from '../local/ports.ts';
import type { Missing, Server, StartOptions } from '../service.ts';
import type { Engine } from './engine.ts';
import { imageOf } from './images.ts';
import { REDIS_SETTINGS } from './redis.ts';
import { noHostNetwork, redisGroup, untilSays } from './redis-group.ts';

const NODES = 6;

/** Three masters with a replica each. */
export async function startCluster(engine: Engine, { config, version }: StartOptions): Promise<Server | Missing> {
  const missing = noHostNetwork(engine);
  if (missing) return missing;
  const group = redisGroup(engine, imageOf('redis', version));
  try {
    const adding = Array.from({ length: NODES }, async () =>
      group.add('node', {
        ...REDIS_SETTINGS,
        'cluster-enabled': 'yes',
        'cluster-node-timeout': '1000',
        // The default, the port and 10000, may be taken.
        'cluster-port': String(await freePort()),
        ...config,
      }),
    );
    const members = await Promise.all(adding);
    const addresses = members.map(({ port }) => `127.0.0.1:${port}`);
    const [first] = members;
    const said = await first?.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
    if (!said?.includes('All 16384 slots covered')) throw new Error(`redis-cli --cluster create says: ${said}`);
    // It returns before every node knows that, and before the replicas follow.
    for (const member of members) {
      await untilSays(member, ['cluster', 'info'], /cluster_state:ok/, new RegExp(`cluster_known_nodes:${NODES}`));
      await untilSays(member, ['info', 'replication'], /master_link_status:up|connected_slaves:[1-9]/);
    }
    return await group.server('redis-cluster', `redis://${addresses[0]}/0`);
  } catch (error) {
    await group.remove();
    throw error;
  }
}
