import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerNode } from '../service.ts';
import type { Place } from './place.ts';
import { isStopped, signalTree } from './process-tree.ts';

export interface ProcessOptions {
  readonly role: string;
  readonly url: string;
  readonly place: Place;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Whether it does its work by now. */
  readonly ready: () => Promise<boolean>;
  /** What makes it end in good order. @default SIGTERM */
  readonly stopSignal?: NodeJS.Signals;
}

/** A server process of ours, and the way to end it for good. */
export interface ServerProcess extends ServerNode {
  dispose(): Promise<void>;
}

/** RabbitMQ takes six seconds here, MySQL four; a busy machine takes several times that. */
const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 15_000;
const PROBE_MS = 20;
const STOP_PROBE_MS = 1;

/** What is running, and what is on disk, however this process ends. */
const running = new Set<ChildProcess>();
const directories = new Set<string>();
process.on('exit', () => {
  for (const child of running) signalTree(child.pid, 'SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
// Without a listener these end the process without an exit event.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.listenerCount(signal) === 1 && process.exit(1));
}

/** A temporary directory of the server's own user. */
export function serverDirectory(name: string, { uid }: Place): string {
  // A short name: sockets in it must have paths of at most 107 bytes.
  const directory = mkdtempSync(join(tmpdir(), `rb-${name}-`));
  directories.add(directory);
  if (uid !== undefined) chownSync(directory, uid, uid);
  return directory;
}

/** A file in the server's directory, of its own user. */
export function serverFile({ uid }: Place, path: string, text: string, mode = 0o600): void {
  writeFileSync(path, text);
  if (uid !== undefined) chownSync(path, uid, uid);
  chmodSync(path, mode);
}

function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  directories.delete(directory);
}

const environment = (directory: string, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  HOME: directory,
  // MariaDB, when it starts, deletes what others have for the moment in a folder that they share.
  TMPDIR: directory,
  ...env,
});

/** Runs a program of a server to its end, such as the one that makes its files. Errors: Error with what it printed. */
export function runProgram(
  place: Place,
  directory: string,
  program: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): string {
  const [command, all] = place.command(program, args);
  const { status, signal, stdout, stderr } = spawnSync(command, all, {
    cwd: directory,
    env: environment(directory, env),
    encoding: 'utf8',
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ended with ${status ?? signal}: ${`${stderr}${stdout}`.slice(-1_500)}`);
}

/** Starts a server and waits until it is ready. Errors: Error with the end of its log. */
export async function startProcess(options: ProcessOptions): Promise<ServerProcess> {
  const { role, url, place, program, args, env, directory, ready, stopSignal = 'SIGTERM' } = options;
  const log = join(directory, 'server.log');
  let child: ChildProcess;
  let ended: Promise<void>;

  // Without a pid it could not even be started.
  const isRunning = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  async function launch(): Promise<void> {
    const output = openSync(log, 'a');
    const [command, all] = place.command(program, args);
    // In a session of its own, so that Ctrl-C ends the tests first, and these with them.
    child = spawn(command, all, {
      cwd: directory,
      env: environment(directory, env),
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    running.add(child);
    ended = new Promise((resolve) => {
      const end = (): void => {
        running.delete(child);
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await ready())) {
      if (!isRunning() || Date.now() > deadline)
        throw new Error(`${program} did not start: ${readFileSync(log, 'utf8').slice(-1_500)}`);
      await sleep(PROBE_MS);
    }
  }
  async function kill(): Promise<void> {
    if (isRunning()) signalTree(child.pid, 'SIGKILL');
    await ended;
  }
  async function stop(): Promise<void> {
    if (!isRunning()) return;
    signalTree(child.pid, 'SIGCONT');
    child.kill(stopSignal);
    const stopped = await Promise.race([ended.then(() => true), sleep(STOP_WITHIN_MS, false, { ref: false })]);
    if (!stopped) await kill();
  }

  try {
    await launch();
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    role,
    url,
    stop,
    kill,
    async pause() {
      // A signal is on its way when kill() returns; on a busy machine a thread may still answer what comes meanwhile.
      for (signalTree(child.pid, 'SIGSTOP'); isRunning() && !isStopped(child.pid); signalTree(child.pid, 'SIGSTOP'))
        await sleep(STOP_PROBE_MS);
    },
    async resume() {
      signalTree(child.pid, 'SIGCONT');
    },
    async restart() {
      await stop();
      await launch();
    },
    async dispose() {
      await kill();
      removeDirectory(directory);
    },
  };
}
