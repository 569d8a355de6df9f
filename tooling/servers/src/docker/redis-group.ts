import { setTimeout } from 'node:timers/promises';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { freePort } from '../local/ports.ts';
import type { Missing, Server, ServerNode, ServiceName } from '../service.ts';
import type { Engine } from './engine.ts';
import { answer, askBy, containerNode } from './node.ts';
import { settings } from './recipe.ts';
import { redisArgument } from './redis.ts';
import { howOf, remove, startContainer } from './server.ts';

/** Several Redis processes that find one another, and that clients find by the addresses that these announce. */
export interface RedisGroup {
  /** Starts one more process, in the network of this machine, under its own port. */
  add(role: string, config: Readonly<Record<string, string>>, file?: string): Promise<Member>;
  /** The running group as a server; what is in it ends with it. */
  server(service: ServiceName, url: string): Promise<Server>;
  /** For a start that fails half way. */
  remove(): Promise<void>;
}

export interface Member {
  readonly port: number;
  readonly node: ServerNode;
  /** What redis-cli prints. */
  cli(...args: readonly string[]): Promise<string>;
}

/** How long such a group may take until all of it know one another; two seconds were seen. */
const TOGETHER_WITHIN_MS = 60_000;

/**
 * Announced addresses must be right inside and outside of the containers, so all of them use the network of this machine.
 * Only an engine on the same Linux has that; on others its containers run in a virtual machine.
 */
export function noHostNetwork({ info: { containerRuntime } }: Engine): Missing | undefined {
  const shared = process.platform === 'linux' && ['localhost', '127.0.0.1'].includes(containerRuntime.host);
  if (shared && !containerRuntime.operatingSystem.includes('Docker Desktop')) return undefined;
  return { missing: 'nodes that announce their address need the host network, which this Docker engine does not have' };
}

export function redisGroup(engine: Engine, image: string): RedisGroup {
  const containers: StartedTestContainer[] = [];
  const members: Member[] = [];
  let version = '';
  return {
    async add(role, config, file) {
      const port = await freePort();
      // A master that is asked to end waits for its replicas, by default longer than it is given.
      const ends = file === undefined ? { 'shutdown-timeout': '1' } : {};
      const args = settings({ port: String(port), bind: '127.0.0.1', ...ends, ...config }, redisArgument);
      const container = new GenericContainer(image)
        .withNetworkMode('host')
        .withCommand(file === undefined ? ['redis-server', ...args] : ['redis-server', FILE, ...args, '--sentinel'])
        .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections|\+monitor master/));
      if (file !== undefined) container.withCopyContentToContainer([{ content: file, target: FILE, mode: 0o666 }]);
      const started = await startContainer(engine, container, image);
      containers.push(started);
      const inside = engine.container.getById(started.getId());
      const cli = ['redis-cli', '-p', String(port)];
      const ask = askBy(engine, inside, [...cli, 'info', 'server'], /^redis_version:([\d.]+)/m);
      version = await answer(ask);
      const member: Member = {
        port,
        node: containerNode(role, `redis://127.0.0.1:${port}/0`, inside, ask),
        cli: async (...args) => (await engine.container.exec(inside, [...cli, ...args])).output,
      };
      members.push(member);
      return member;
    },
    server: async (service, url) => ({
      service,
      url,
      version: `Redis ${version}`,
      how: await howOf(engine, image),
      nodes: members.map(({ node }) => node),
      [Symbol.asyncDispose]: () => remove(engine, containers),
    }),
    remove: () => remove(engine, containers),
  };
}

/** In the folder that the server's user may write: Sentinel rewrites its file. */
const FILE = '/data/sentinel.conf';

/** Until what redis-cli prints has all of these in it. */
export async function untilSays(
  member: Member,
  command: readonly string[],
  ...wanted: readonly RegExp[]
): Promise<void> {
  const deadline = Date.now() + TOGETHER_WITHIN_MS;
  for (;;) {
    const output = await member.cli(...command);
    if (wanted.every((each) => each.test(output))) return;
    if (Date.now() > deadline) throw new Error(`redis-cli ${command.join(' ')} still says: ${output}`);
    await setTimeout(50); // an exec in a container takes about as long
  }
}
