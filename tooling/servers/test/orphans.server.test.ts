import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceName } from '../src/service.ts';
import { type Child, child } from './child.ts';

// Below /tmp and short, for the sockets in it; open, as servers have users of their own.
const folder = mkdtempSync('/tmp/rb-o');
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of each way of starting a process one: of this machine, in a root, with children, by Node.js, by a shell and with helpers. */
const SERVICES = ['redis', 'valkey', 'postgres', 'mongo', 'rabbitmq'] as const;

/** A process that starts local servers of these kinds, prints why one is missing, and goes on. */
function starts(services: readonly ServiceName[]): Child {
  const script = `
    const { start } = await module('start.ts');
    const found = await Promise.all(${JSON.stringify(services)}.map((service) => start(service)));
    console.log(JSON.stringify(found.map(({ missing }) => missing ?? null)));
    setInterval(() => {}, 1000);
  `;
  return child(script, { RB_SERVERS: 'local', TMPDIR: folder });
}

/** Processes that have something to do with the folder: work in it, were given it, or are at home in it. */
function processes(): readonly string[] {
  const mentions = (pid: string): boolean => {
    try {
      const about = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
      return [...about, readlinkSync(`/proc/${pid}/cwd`)].some((text) => text.includes(folder));
    } catch {
      return false; // ended meanwhile, or somebody else's
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && mentions(name));
}

// Of containers, docker.test.ts says the same.
describe('local servers', { timeout: 90_000 }, () => {
  beforeEach(({ skip }) => skip(process.platform !== 'linux', 'local servers are started on Linux alone'));

  it('end with the run, also where it is killed', async () => {
    const run = starts(SERVICES);
    const missing = await run.answer<readonly (string | null)[]>();
    const started = missing.filter((reason) => reason === null).length;
    // The run itself is one of them.
    expect(processes().length).toBeGreaterThan(started);
    run.process.kill('SIGKILL');
    await expect.poll(processes, { timeout: 20_000 }).toEqual([]);
  });

  it('leave no files either where the run is ended by a signal', async () => {
    for (const entry of readdirSync(folder)) rmSync(`${folder}/${entry}`, { recursive: true, force: true });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // With files besides the server's own: its certificates.
      const run = starts(['redis-tls']);
      await run.answer();
      run.process.kill(signal);
      await expect.poll(processes, { timeout: 20_000 }).toEqual([]);
      expect(readdirSync(folder), signal).toEqual([]);
    }
  });
});
