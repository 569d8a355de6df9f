import { setTimeout as sleep } from 'node:timers/promises';
import type { Missing, Server, StartOptions } from '../service.ts';
import { freePort } from './ports.ts';
import { type RedisBinary, type RedisProcess, redisBinary, redisVersion, startRedisProcess } from './redis.ts';

/** Two seconds here. */
const TOGETHER_WITHIN_MS = 60_000;

/** A failover takes about two seconds with these; a replica that comes back is taken in after some ten. */
const sentinelSettings = (masterPort: number): Readonly<Record<string, string>> => ({
  sentinel: [
    `monitor mymaster 127.0.0.1 ${masterPort} 2`,
    'down-after-milliseconds mymaster 500',
    'failover-timeout mymaster 3000',
    'parallel-syncs mymaster 1',
  ].join('\n'),
});

/** A master, two replicas and three Sentinels that watch it as `mymaster`. */
export async function startSentinel({ config = {} }: StartOptions): Promise<Server | Missing> {
  const binary = redisBinary();
  if ('missing' in binary) return binary;
  return together('redis-sentinel', binary, async (add) => {
    const master = await add({ role: 'master', config });
    const replica = { role: 'replica', config: { ...config, replicaof: `127.0.0.1 ${master.port}` } };
    await Promise.all([replica, replica].map(add));
    // A Sentinel asks a master for its replicas when it first sees it, and then only every ten seconds.
    await untilSays(master, ['info', 'replication'], /connected_slaves:2/);
    const sentinel = { role: 'sentinel', sentinel: true, config: sentinelSettings(master.port) };
    const sentinels = await Promise.all([sentinel, sentinel, sentinel].map(add));
    for (const each of sentinels)
      await untilSays(each, ['sentinel', 'master', 'mymaster'], /num-slaves\n2\n/, /num-other-sentinels\n2\n/);
    return sentinels.map(({ port }) => `sentinel://127.0.0.1:${port}`).join(';');
  });
}

const MASTERS = 3;

/** Three masters with a replica each. */
export async function startCluster({ config = {} }: StartOptions): Promise<Server | Missing> {
  const binary = redisBinary();
  if ('missing' in binary) return binary;
  return together('redis-cluster', binary, async (add) => {
    const members = await Promise.all(
      Array.from({ length: 2 * MASTERS }, async () =>
        add({
          role: 'node',
          config: {
            'cluster-enabled': 'yes',
            'cluster-config-file': 'nodes.conf',
            'cluster-node-timeout': '1000',
            // By default 10000 above the port, where others listen, or beyond the last port.
            'cluster-port': String(await freePort()),
            ...config,
          },
        }),
      ),
    );
    const [first] = members as [RedisProcess];
    const addresses = members.map(({ port }) => `127.0.0.1:${port}`);
    first.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
    // "create" returns before all nodes have heard of it, and before the replicas are attached.
    for (const member of members) {
      await untilSays(
        member,
        ['cluster', 'info'],
        /cluster_state:ok/,
        /cluster_slots_ok:16384/,
        /cluster_known_nodes:6/,
      );
      await untilSays(member, ['info', 'replication'], /master_link_status:up|connected_slaves:1/);
    }
    return first.url;
  });
}

type Add = (options: Parameters<typeof startRedisProcess>[1]) => Promise<RedisProcess>;

/** Processes that live and end together. @param form Starts them by `add`, and gives the URL of the whole. */
async function together(
  service: 'redis-sentinel' | 'redis-cluster',
  binary: RedisBinary,
  form: (add: Add) => Promise<string>,
): Promise<Server> {
  const members: RedisProcess[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(members.map(({ dispose }) => dispose()));
  };
  try {
    const url = await form(async (options) => {
      const member = await startRedisProcess(binary, options);
      members.push(member);
      return member;
    });
    const nodes = members.map(({ dispose: _, ...node }) => node);
    return { service, url, version: redisVersion(binary), how: binary.how, nodes, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Until what redis-cli prints has all of these in it. */
async function untilSays(
  member: RedisProcess,
  command: readonly string[],
  ...wanted: readonly RegExp[]
): Promise<void> {
  const deadline = Date.now() + TOGETHER_WITHIN_MS;
  for (;;) {
    const output = member.cli(...command).replaceAll('\r', '');
    if (wanted.every((each) => each.test(output))) return;
    if (Date.now() > deadline) throw new Error(`redis-cli ${command.join(' ')} still says: ${output}`);
    await sleep(50);
  }
}
