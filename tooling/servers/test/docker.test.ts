import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { GenericContainer } from 'testcontainers';
import { expect, test, vi } from 'vitest';
import { type Engine, engine } from '../src/docker/engine.ts';
import { IMAGES } from '../src/docker/images.ts';
import { dockerProvider } from '../src/docker/provider.ts';
import { startContainer } from '../src/docker/server.ts';
import { reportService } from '../src/report.ts';
import type { Server, ServiceName, StartOptions } from '../src/service.ts';

// A container takes half a second here, several on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const NAME = 'Docker engine';
const found = await engine();
reportService(
  'missing' in found
    ? { name: NAME, ...found }
    : { name: NAME, version: String(found.info.containerRuntime.serverVersion), how: 'testcontainers' },
);

const it = test.extend<{ docker: Engine }>({
  docker: async ({ skip }, use) => use('missing' in found ? skip(found.missing) : found),
});

async function start(name: ServiceName, options: StartOptions = {}): Promise<Server> {
  const server = await dockerProvider.start(name, options);
  if ('missing' in server) throw new Error(server.missing);
  return server;
}

/** What the server at that address answers to one command, as text. */
async function ask(url: string, command: string): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`${command}\r\nQUIT\r\n`);
  return text(socket);
}

/** Reapers that no process but the one that started them may use. */
const ownReapers = async ({ container }: Engine) =>
  (await container.list()).filter(({ Labels }) => Labels.TESTCONTAINERS_RYUK_TEST_LABEL === 'true');

// First: the reaper waits for all processes that use it, of which this one would later be one.
it('no container outlives a process that was killed', async ({ docker, skip }) => {
  const provider = new URL('../src/docker/provider.ts', import.meta.url).href;
  const script = `
    const { dockerProvider } = await import(${JSON.stringify(provider)});
    console.log((await dockerProvider.start('redis', {})).url);
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Its patience with processes that are gone is ten seconds by default.
    env: { ...process.env, TESTCONTAINERS_RYUK_RECONNECTION_TIMEOUT: '2s', TESTCONTAINERS_RYUK_TEST_LABEL: 'true' },
  });
  const [url] = await once(child.stdout, 'data');
  expect(await ask(String(url), 'PING')).toContain('+PONG');
  const reapers = await ownReapers(docker);
  child.kill('SIGKILL');
  if (reapers.length === 0) skip('it shares the reaper of another process, which waits for that one too');
  await expect.poll(() => ownReapers(docker), { timeout: 50_000, interval: 500 }).toHaveLength(0);
  await expect(ask(String(url), 'PING')).rejects.toThrow();
});

it('a server that was disposed of leaves no container, whatever state it was in', async ({ docker }) => {
  for (const state of ['running', 'stop', 'kill', 'pause'] as const) {
    const server = await start('redis');
    const port = Number(new URL(server.url).port);
    const running = await docker.container.list();
    const made = running.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port));
    if (state !== 'running') await server.nodes?.[0]?.[state]();
    await server[Symbol.asyncDispose]();
    await expect(docker.container.getById(String(made?.Id)).inspect(), state).rejects.toThrow('no such container');
  }
});

it('a server says which image it runs, and that it is a stand-in where it is one', async ({ docker }) => {
  await using server = await start('redis');
  const { Config } = await docker.container.dockerode.getImage(IMAGES.redis).inspect();
  const suite = Config.Labels?.['rb.stand-in'];
  expect(server.how).toBe(`Docker, redis:8.0-alpine${suite ? ` (stand-in, of Debian ${suite})` : ''}`);
  expect(server.version).toMatch(/^Redis 8\.0\.\d+$/);
});

it('settings reach the server', async ({ docker: _ }) => {
  await using server = await start('valkey', { config: { maxmemory: '123456789', 'maxmemory-policy': 'allkeys-lru' } });
  expect(await ask(server.url, 'CONFIG GET maxmemory')).toContain('123456789');
  expect(await ask(server.url, 'CONFIG GET maxmemory-policy')).toContain('allkeys-lru');
});

it('a server that does not start says what it printed, and leaves no container', async ({ docker }) => {
  const setting = `no-such-setting-${randomUUID()}`;
  await expect(start('redis', { config: { [setting]: '1' } })).rejects.toThrow(setting);
  const all = await docker.container.dockerode.listContainers({ all: true });
  expect(all.filter(({ Command }) => Command.includes(setting))).toEqual([]);
  // As a slow machine finds it: ended before its port was seen, for which testcontainers waits ten seconds.
  const container = new GenericContainer(IMAGES.redis)
    .withExposedPorts(6379)
    .withEntrypoint(['sh', '-c', 'echo gone; exit 1']);
  await expect(startContainer(docker, container, IMAGES.redis)).rejects.toThrow('gone');
});

it('an image that cannot be had is a reason, not an error', async ({ docker: _ }) => {
  const server = await dockerProvider.start('redis', { version: '0.0.0' });
  expect(server).toEqual({ missing: expect.stringContaining('cannot pull redis:0.0.0-alpine') });
});
