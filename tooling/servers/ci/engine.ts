import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { engine, reach } from '../src/docker/engine.ts';
import { type Daemon, daemonIn } from './daemon.ts';

/** An engine for this run. */
export interface RunEngine {
  /** For people. */
  readonly how: string;
  /** Ends it where it was started for runs like this and no other run uses it. */
  end(): Promise<void>;
}

/** Images and containers are loaded first: one second here, longer on a slow disk. */
const STARTS_WITHIN_MS = 30_000;

/** Where the machine has no packet filter, the daemon's proxies still carry what clients send to containers. */
const ATTEMPTS = [[], ['--iptables=false', '--ip6tables=false']];

/**
 * The engine of this machine; where none answers, the daemon of the package docker.io, with its images in the cache
 * folder. Runs at the same time share that one, and the last of them ends it. Tells
 * testcontainers in this process and its children, by the environment.
 *
 * Errors: Error that says what the daemon lacks.
 */
export async function provideEngine(cache: string): Promise<RunEngine> {
  if (engineAnswers()) return { how: 'of this machine', end: async () => {} };
  if (process.getuid?.() !== 0)
    throw new Error('no Docker engine answers, and only root can start one: start it yourself');
  const daemon = daemonIn(join(cache, 'docker'));
  daemon.join();
  process.env.DOCKER_HOST = `unix://${daemon.socket}`;
  // Else testcontainers takes a machine that is itself a container for one that only borrows an engine from outside.
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1';
  try {
    await started(daemon);
    return { how: 'dockerd, started for this run', end: () => leave(daemon) };
  } catch (error) {
    await leave(daemon);
    throw error;
  }
}

/**
 * Whether this machine has an engine that answers.
 *
 * Asked in a process of its own: testcontainers, once it has looked for an engine, sees no other in the same process.
 */
export function engineAnswers(): boolean {
  const asking = fileURLToPath(new URL('engine-answers.ts', import.meta.url));
  return spawnSync(process.execPath, [asking], { stdio: 'ignore' }).status === 0;
}

async function started(daemon: Daemon): Promise<void> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (const flags of ATTEMPTS) {
    const child = daemon.pid() === undefined ? daemon.start(flags) : undefined;
    // One that ends at once may only have been second: it leaves the field to another that is starting.
    while (Date.now() < deadline && (child?.exitCode === null || daemon.pid() !== undefined)) {
      if (await isListening(daemon.socket)) return;
      await setTimeout(50);
    }
  }
  throw new Error(`dockerd does not start; its last words: ${daemon.lastWords()}`);
}

async function leave(daemon: Daemon): Promise<void> {
  if (daemon.leave()) return;
  if (await isListening(daemon.socket)) await removeContainers();
  await daemon.end();
}

/** The reaper ends with the daemon: what a broken run left would be there again next time. */
async function removeContainers(): Promise<void> {
  const found = await engine();
  if ('missing' in found) return;
  const { dockerode } = found.container;
  const left = await dockerode.listContainers({ all: true, filters: { label: ['org.testcontainers=true'] } });
  // The reaper may be at it: what fails here is on its way already.
  await Promise.allSettled(left.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })));
}

const isListening = (socket: string): Promise<boolean> =>
  reach(new URL(`unix://${socket}`)).then(
    () => true,
    () => false,
  );
