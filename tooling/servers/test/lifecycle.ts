import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, type TestAPI, test, vi } from 'vitest';
import { variableOf } from '../src/environment.ts';
import { reportService } from '../src/report.ts';
import type { Server, ServerNode, ServiceName } from '../src/service.ts';
import { titleOf } from '../src/shared.ts';
import { start } from '../src/start.ts';

/** A real driver, connected to a server. */
interface Client {
  write(value: string): Promise<unknown>;
  /** What was written last, by this client or another one. */
  read(): Promise<string>;
  close(): Promise<unknown>;
}

export type Connect = (server: Pick<Server, 'url' | 'tls'>) => Promise<Client>;

export interface LifecycleOptions {
  readonly connect: Connect;
  /** What a server of that kind says it is. */
  readonly version: RegExp;
  /** How long before a crash what was written may be lost. @default 0 */
  readonly lossMs?: number;
}

/** Longer than any server that works takes to answer. */
const SILENT_MS = 300;

/** Servers of this file are in a folder that holds nothing else. Below /tmp and short, for the sockets in it. */
const folder = mkdtempSync('/tmp/rb-t');
// Servers have users of their own.
chmodSync(folder, 0o755);
vi.stubEnv('TMPDIR', folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Vitest's `test` with a server of this file's own. To be awaited at the top of a test file. */
export async function ownServer(
  service: ServiceName,
): Promise<TestAPI<{ readonly server: Server; readonly node: ServerNode }>> {
  const found = await start(service);
  afterAll(() => ('missing' in found ? undefined : found[Symbol.asyncDispose]()));
  const name = titleOf(service);
  reportService(
    'missing' in found
      ? { name, missing: found.missing }
      : { name, how: found.how, version: found.version, suites: ['tooling/servers'] },
  );
  return test.extend<{ server: Server; node: ServerNode }>({
    server: async ({ skip }, use) => use('missing' in found ? skip(found.missing) : found),
    node: async ({ server, skip }, use) => use(server.nodes?.[0] ?? skip(`the server of ${server.how} is not ours`)),
  });
}

/** What every server can do, however it was had. */
export async function lifecycle(service: ServiceName, options: LifecycleOptions): Promise<void> {
  const { connect, version, lossMs = 0 } = options;
  const it = await ownServer(service);

  /** Runs the work with a client of its own. */
  async function withClient<T>(server: Server, work: (client: Client) => Promise<T>): Promise<T> {
    const client = await connect(server);
    try {
      return await work(client);
    } finally {
      await client.close().catch(() => {}); // the server may have ended it
    }
  }

  describe(service, { timeout: 60_000 }, () => {
    it('answers a client, and says what it is and where it came from', async ({ server }) => {
      expect(server.version).toMatch(version);
      expect(server.how).not.toBe('');
      await withClient(server, (client) => client.write('first'));
      expect(await withClient(server, (client) => client.read())).toBe('first');
    });

    it('hangs while it is paused, and answers what it was asked when it goes on', async ({ server, node }) => {
      await withClient(server, async (client) => {
        await node.pause();
        const answer = client.read();
        const early = await Promise.race([answer, sleep(SILENT_MS, 'nothing')]);
        await node.resume();
        expect(early).toBe('nothing');
        expect(await answer).toBe('first');
      });
    });

    it.for(['kill', 'stop'] as const)('after a %s has its data on the same port', async (way, { server, node }) => {
      const client = await connect(server);
      await client.write(way);
      if (way === 'kill') await sleep(lossMs);
      await node[way]();
      await expect(client.read(), 'the connection died').rejects.toThrow();
      await client.close().catch(() => {});
      await expect(
        connect(server).then((other) => other.read()),
        'nobody listens',
      ).rejects.toThrow();
      await node.restart();
      expect(await withClient(server, (other) => other.read())).toBe(way);
    });

    it('is had by its URL in the environment too, and then not ended', async ({ server }) => {
      const named = await byEnvironment(service, server);
      // PgBouncer hands the question on to PostgreSQL.
      if (service !== 'pgbouncer') expect(named.version).toMatch(version);
      await named[Symbol.asyncDispose]();
      expect(await withClient(server, (client) => client.read())).not.toBe('');
    });

    it('two that start at once do not meet, and leave nothing when they end', async ({ node: _, server }) => {
      const before = [children(), entries()];
      const started = (await Promise.all([start(service), start(service)])) as readonly Server[];
      expect(new Set([server, ...started].map(({ url }) => url)).size).toBe(3);
      const [one, other] = started as [Server, Server];
      await Promise.all([withClient(one, (c) => c.write('one')), withClient(other, (c) => c.write('other'))]);
      expect(await Promise.all(started.map((each) => withClient(each, (c) => c.read())))).toEqual(['one', 'other']);
      // In whatever state it is.
      await one.nodes?.[0]?.pause();
      await other.nodes?.[0]?.kill();
      await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
      expect([children(), entries()]).toEqual(before);
    });
  });
}

/** The same server, as one that somebody else runs. */
export async function byEnvironment(service: ServiceName, { url }: Server): Promise<Server> {
  vi.stubEnv(variableOf(service), url);
  vi.stubEnv('RB_SERVERS', 'env');
  try {
    const named = await start(service);
    if ('missing' in named) throw new Error(named.missing);
    expect(named).toMatchObject({ url, how: variableOf(service) });
    expect(named.nodes, 'nobody may stop it').toBeUndefined();
    return named;
  } finally {
    vi.unstubAllEnvs();
    vi.stubEnv('TMPDIR', folder);
  }
}

const entries = (): readonly string[] => readdirSync(folder);

/** Processes that this one started. */
const children = (): string => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
