import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';

/** A dockerd that several runs may share, with all that it keeps in one folder. */
export interface Daemon {
  readonly socket: string;
  /** Notes that this process wants it. */
  join(): void;
  /** Notes that this process is done with it; whether another one still wants it. */
  leave(): boolean;
  start(flags: readonly string[]): ChildProcess;
  /** Of the one that runs, whoever started it. */
  pid(): number | undefined;
  end(): Promise<void>;
  /** The end of what it printed. */
  lastWords(): string;
}

/** It stops its containers first. */
const ENDS_WITHIN_MS = 30_000;

/** Longest path of a Unix socket, and what containerd appends to the folder for the longest of its own. */
const SOCKET_PATH_BYTES = 107;
const LONGEST_SOCKET = 'run/containerd/containerd-debug.sock';

/** Errors: Error where the folder's path is too long for the sockets in it. */
export function daemonIn(folder: string): Daemon {
  const path = (name: string) => join(folder, name);
  if (Buffer.byteLength(path(LONGEST_SOCKET)) > SOCKET_PATH_BYTES) {
    throw new Error(`${folder} is too long a path for Unix sockets: set XDG_CACHE_HOME to a shorter one`);
  }
  const users = path('users');
  const socket = path('docker.sock');
  return {
    socket,
    join() {
      mkdirSync(users, { recursive: true });
      writeFileSync(join(users, String(process.pid)), '');
    },
    leave() {
      // Killed runs could not do so: their numbers may be those of other programs one day.
      const done = readdirSync(users).filter((pid) => Number(pid) === process.pid || !isAlive(Number(pid)));
      for (const pid of done) rmSync(join(users, pid), { force: true });
      return readdirSync(users).length > 0;
    },
    start(flags) {
      const log = openSync(path('log'), 'w');
      // In a folder of its own all: an engine of this machine that does not answer now may do so later.
      const places = [`--host=unix://${socket}`, `--pidfile=${path('pid')}`];
      const folders = [`--data-root=${path('data')}`, `--exec-root=${path('run')}`];
      // In a mount namespace of its own, with which all that it mounts goes; it leaves some where it was.
      const child = spawn('unshare', ['--mount', 'dockerd', ...places, ...folders, ...flags], {
        // Out of this process's group: it is to end after the tests, also when Ctrl-C ends those.
        detached: true,
        stdio: ['ignore', log, log],
        // It calls iptables and its own parts, which an ordinary PATH leaves out.
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      });
      child.on('error', () => {}); // told by its exit code, which stays undefined otherwise
      child.unref();
      closeSync(log);
      return child;
    },
    pid() {
      const file = path('pid');
      const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
      return pid > 0 && nameOf(pid) === 'dockerd' ? pid : undefined;
    },
    async end() {
      const pid = this.pid();
      if (pid === undefined) return;
      process.kill(pid, 'SIGTERM');
      for (const deadline = Date.now() + ENDS_WITHIN_MS; isAlive(pid); await setTimeout(50)) {
        if (Date.now() > deadline) throw new Error(`dockerd (process ${pid}) did not end within ${ENDS_WITHIN_MS} ms`);
      }
    },
    lastWords: () => (existsSync(path('log')) ? readFileSync(path('log'), 'utf8').slice(-1500) : ''),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The number in a file may by now be that of another program. */
function nameOf(pid: number): string | undefined {
  const file = `/proc/${pid}/comm`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}
