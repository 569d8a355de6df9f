import { createServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SERVICES } from '../src/service.ts';
import { shared } from '../src/shared.ts';
import { start } from '../src/start.ts';
import { child } from './child.ts';

afterEach(() => vi.unstubAllEnvs());

describe('start', () => {
  it('names the variable that the environment lacks, where no other way is allowed', async () => {
    vi.stubEnv('RB_SERVERS', 'env');
    for (const service of SERVICES) {
      const variable = `RB_${service.toUpperCase().replace('-', '_')}_URL`;
      vi.stubEnv(variable, undefined);
      expect(await start(service)).toEqual({ missing: `env: ${variable} is not set` });
    }
  });

  it('has no server of the environment configured', async () => {
    vi.stubEnv('RB_SERVERS', 'env');
    vi.stubEnv('RB_REDIS_URL', 'redis://127.0.0.1:1');
    expect(await start('redis', { config: { maxmemory: '1mb' } })).toEqual({
      missing: expect.stringContaining('RB_REDIS_URL cannot be configured'),
    });
  });

  it('refuses to go on to the next way where the environment names a server that does not answer', async () => {
    // Takes connections and ends them.
    const listener = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const address = listener.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    vi.stubEnv('RB_SERVERS', undefined);
    const urls = {
      redis: `redis://app:s3cret@127.0.0.1:${port}/0`,
      postgres: `postgresql://app:s3cret@127.0.0.1:${port}/results`,
      mysql: `mysql://app:s3cret@127.0.0.1:${port}/results`,
      rabbitmq: `amqp://app:s3cret@127.0.0.1:${port}/`,
    } as const;
    for (const [service, url] of Object.entries(urls) as readonly [keyof typeof urls, string][]) {
      const variable = `RB_${service.toUpperCase()}_URL`;
      vi.stubEnv(variable, url);
      const failure = await start(service).catch((error: unknown) => error);
      expect(String(failure)).toMatch(
        new RegExp(`${variable} names .*127.0.0.1:${port}.* does not answer: check it, or unset`),
      );
      expect(String(failure)).not.toContain('s3cret');
    }
    listener.close();
  });

  it('takes no other word for a way than the three that there are', async () => {
    vi.stubEnv('RB_SERVERS', 'podman');
    await expect(start('redis')).rejects.toThrow('expected RB_SERVERS to be env, docker or local, got podman');
  });

  it('says of all three ways why it is not to be had, and what to do', async () => {
    const { answer } = child(
      `const { start } = await module('start.ts'); console.log(JSON.stringify(await start('mongo'))); process.exit();`,
      // Neither an engine nor anything in the cache.
      { RB_SERVERS: '', RB_MONGO_URL: '', DOCKER_HOST: 'unix:///nowhere/docker.sock', XDG_CACHE_HOME: '/nowhere' },
    );
    const { missing } = await answer<{ missing: string }>();
    expect(missing).toMatch(
      /^env: RB_MONGO_URL is not set; docker: .*nowhere.*; local: .*run tooling\/servers\/ci\/install.ts/,
    );
  });
});

describe('the server of a run', () => {
  it('is one, in whatever process it is asked for, and outlives all of them', async ({ skip }) => {
    const here = await shared('redis');
    if ('missing' in here) return skip(here.missing);
    const ask = `
      const { shared } = await module('shared.ts');
      console.log(JSON.stringify(await shared('redis')));
      setInterval(() => {}, 1000);
    `;
    const others = [child(ask), child(ask)];
    expect(await Promise.all(others.map((each) => each.answer()))).toEqual([here, here]);
    // As a worker that crashes.
    for (const { process } of others) process.kill('SIGKILL');
    vi.stubEnv('RB_SERVERS', 'env');
    vi.stubEnv('RB_REDIS_URL', here.url);
    expect(await start('redis')).toMatchObject({ version: here.version });
  });
});
