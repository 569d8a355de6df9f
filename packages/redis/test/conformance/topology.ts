import type { Link } from '@rb/conformance';
import { type TcpProxy, tcpProxy } from '@rb/conformance/tcp-proxy';
import type { RedisStoreOptions } from '@rb/redis';
import { Cluster, Redis } from 'ioredis';

/** Servers, and how one handle reaches them over wires of its own. */
export interface Topology {
  /** Beneath the adapter, around the wires. */
  admin(): Redis | Cluster;
  wired(): Promise<Wired>;
  /** Where nobody listens. */
  readonly nowhere: RedisStoreOptions;
}

interface Wired {
  readonly options: RedisStoreOptions;
  /** The same over the same wires, as a client of the caller's. */
  client(): Redis | Cluster;
  readonly link: Link;
  close(): Promise<void>;
}

/** The name of the harness that listens in a Cluster by SSUBSCRIBE. */
export const SHARDED = 'redis-cluster, sharded';

/** The URLs of sharedServer(): of Sentinels a list; of a Cluster one node, told from a single server by the harness's name. */
export function topologyOf(service: string, url: string): Topology {
  if (service === 'redis-cluster') return clusterTopology(url);
  if (service === SHARDED) return clusterTopology(url, { shardedPubSub: true });
  return service === 'redis-sentinel' ? sentinelTopology(url) : singleTopology(url);
}

// Nobody listens on the port of TCPMUX any more.
const NOBODY = '127.0.0.1:1';

const singleTopology = (url: string): Topology => ({
  admin: () => new Redis(url, tlsOf(url)),
  nowhere: { url: `redis://${NOBODY}/0` },
  async wired() {
    const proxy = await tcpProxy(url);
    return {
      options: { url: proxy.url },
      client: () => new Redis(proxy.url, tlsOf(url)),
      link: proxy,
      close: proxy.close,
    };
  },
});

/** The kit's own clients look at what is stored, not at certificates. */
const tlsOf = (url: string): object => (url.startsWith('rediss:') ? { tls: { rejectUnauthorized: false } } : {});

function clusterTopology(url: string, more: RedisStoreOptions = {}): Topology {
  const { hostname, port } = new URL(url);
  const admin = (): Cluster => new Cluster([{ host: hostname, port: Number(port) }]);
  return {
    admin,
    nowhere: { url: `redis://${NOBODY}/0`, cluster: true },
    async wired() {
      const around = admin();
      const nodes = ((await around.cluster('NODES')) as string).trim().split('\n');
      around.disconnect();
      const { natMap, proxies, link, close } = await wires(
        nodes.map((line) => line.split(' ')[1]?.split('@')[0] ?? ''),
      );
      const [first, ...others] = proxies as [TcpProxy, ...TcpProxy[]];
      return {
        options: { url: `redis://${first.host}:${first.port}/0`, cluster: others, clusterOptions: { natMap }, ...more },
        client: () => new Cluster([...proxies], { natMap }),
        link,
        close,
      };
    },
  };
}

function sentinelTopology(url: string): Topology {
  const sentinels = url.split(';').map((each) => each.replace('sentinel://', ''));
  const endpoints = sentinels.map(endpointOf);
  return {
    admin: () => new Redis({ sentinels: endpoints, name: 'mymaster' }),
    nowhere: { url: `sentinel://${NOBODY}` },
    async wired() {
      const around = new Redis(endpoints[0] as { host: string; port: number });
      const replicas = (await around.call('SENTINEL', 'REPLICAS', 'mymaster')) as readonly (readonly string[])[];
      const master = (await around.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster')) as readonly string[];
      around.disconnect();
      const data = [master.join(':'), ...replicas.map((fields) => fields[fields.indexOf('name') + 1] ?? '')];
      const { natMap, proxies, link, close } = await wires([...sentinels, ...data]);
      const ours = proxies.slice(0, sentinels.length);
      return {
        options: {
          url: ours.map(({ host, port }) => `sentinel://${host}:${port}`).join(';'),
          redisOptions: { natMap },
        },
        client: () =>
          new Redis({ sentinels: ours.map(({ host, port }) => ({ host, port })), name: 'mymaster', natMap }),
        link,
        close,
      };
    },
  };
}

interface Wires {
  /** By the address that servers tell of each other, what stands in for it. For ioredis. */
  readonly natMap: Readonly<Record<string, { readonly host: string; readonly port: number }>>;
  readonly proxies: readonly TcpProxy[];
  readonly link: Link;
  close(): Promise<void>;
}

async function wires(addresses: readonly string[]): Promise<Wires> {
  const proxies = await Promise.all(addresses.map((address) => tcpProxy(endpointOf(address))));
  const all = async (act: (proxy: TcpProxy) => Promise<void>): Promise<void> => {
    await Promise.all(proxies.map(act));
  };
  const sum = (count: (proxy: TcpProxy) => number): number => proxies.reduce((total, proxy) => total + count(proxy), 0);
  return {
    natMap: Object.fromEntries(addresses.map((address, i) => [address, proxies[i] as TcpProxy])),
    proxies,
    close: () => all((proxy) => proxy.close()),
    link: {
      cut: (options) => all((proxy) => proxy.cut(options)),
      blackhole: () => all((proxy) => proxy.blackhole()),
      cutAfter: (bytes, direction) => all((proxy) => proxy.cutAfter(bytes, direction)),
      latency: (ms) => all((proxy) => proxy.latency(ms)),
      heal: () => all((proxy) => proxy.heal()),
      connections: () => sum((proxy) => proxy.connections()),
      // Per server, as a look at a Cluster or at Sentinels goes round all of them; one attempt at one of them counts all the same.
      attempts: () => sum((proxy) => proxy.attempts()) / proxies.length,
    },
  };
}

function endpointOf(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port] = address.split(':');
  return { host, port: Number(port) };
}
