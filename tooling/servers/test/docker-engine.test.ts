import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** What `engine()` says in a process with that DOCKER_HOST, and whether it says the same again. */
async function askAt(host: string): Promise<{ readonly missing: string; readonly same: boolean }> {
  const engine = new URL('../src/docker/engine.ts', import.meta.url).href;
  const script = `
    const { engine } = await import(${JSON.stringify(engine)});
    const { missing } = await engine();
    const same = (await engine()).missing === missing;
    console.log(JSON.stringify({ missing, same }));
    process.exit();
  `;
  const env = { ...process.env, DOCKER_HOST: host };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  return JSON.parse(stdout);
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('where no Docker engine answers', () => {
  it('the reason names DOCKER_HOST, what went wrong and what to do', async () => {
    const server = createServer();
    const host = await listening(server);
    await once(server.close(), 'close');
    const { missing } = await askAt(host);
    expect(missing).toContain(`DOCKER_HOST=${host}`);
    expect(missing).toContain('ECONNREFUSED');
    expect(missing).toContain('start one, or set DOCKER_HOST');
  });

  it('one that takes connections and says nothing is given up', { timeout: 30_000 }, async () => {
    const server = createServer(() => {});
    const { missing, same } = await askAt(await listening(server));
    expect(same).toBe(true);
    expect(missing).toContain('does not answer within 5000 ms');
    server.close();
  });

  it('a socket that is not there is not taken for the engine of the machine', async () => {
    const { missing } = await askAt('unix:///nowhere/docker.sock');
    expect(missing).toContain('ENOENT');
  });
});
