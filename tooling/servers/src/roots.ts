import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { env, pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT_UID } from './local/place.ts';

/** Servers that this machine's distribution does not have: directories with programs of other Debian suites. */
const ROOTS = {
  forky: {
    suite: 'forky',
    packages: [
      ...['valkey-server', 'postgresql-18', 'postgresql-18-documentdb', 'locales'],
      // The client, as mariadb-install-db runs a program of it.
      ...['mariadb-server-core', 'mariadb-client-core'],
    ],
  },
  /** MySQL is in no other suite. */
  mysql: { suite: 'sid', packages: ['mysql-server-core', 'mysql-client-core', 'mysql-common'] },
} as const;

export type RootName = keyof typeof ROOTS;
export const ROOT_NAMES = Object.keys(ROOTS) as readonly RootName[];

/** What CI downloads and builds, kept between runs and clones. */
export const CACHE: string = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rb-servers');

/** Named after what is in it: a checkout that wants other packages makes another one, and disturbs no older one. */
const pathOf = (name: RootName): string => {
  const digest = createHash('sha256').update(JSON.stringify(ROOTS[name])).digest('hex').slice(0, 8);
  return join(CACHE, 'roots', `${name}-${digest}`);
};

/** The directory, where it has been made. */
export const rootOf = (name: RootName): string | undefined => (existsSync(pathOf(name)) ? pathOf(name) : undefined);

/**
 * Makes a root from the distribution's packages, once: some 400 to 800 MB, a minute. Needs root and mmdebstrap.
 * Two runs at once do not disturb each other: the second waits for the first.
 *
 * Errors: Error with the end of what mmdebstrap printed.
 */
export async function makeRoot(name: RootName): Promise<void> {
  const path = pathOf(name);
  mkdirSync(join(CACHE, 'roots'), { recursive: true });
  const unlock = await lock(`${path}.lock`, () => existsSync(path));
  if (unlock === undefined) return;
  const unfinished = `${path}.${pid}`;
  try {
    // Made between the look and the lock.
    if (existsSync(path)) return;
    removeUnfinished(basename(path));
    await bootstrap(name, unfinished);
    execFileSync('chroot', [unfinished, 'sh', '-c', ADD_USER]);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    unlock();
  }
}

/** What runs left that were killed. Only where the lock is ours. */
function removeUnfinished(name: string): void {
  const folder = join(CACHE, 'roots');
  const left = readdirSync(folder).filter((entry) => new RegExp(`^${name}\\.\\d+$`).test(entry));
  for (const entry of left) rmSync(join(folder, entry), { recursive: true, force: true });
}

const ADD_USER = `groupadd -g ${ROOT_UID} svc; useradd -u ${ROOT_UID} -g svc -d /tmp -s /bin/sh svc; rm -rf /var/lib/mysql/*`;

/** No daemon starts, no cluster is made, and nothing that only people read is unpacked. */
const PREPARE = [
  'mkdir -p "$1/usr/sbin" "$1/etc/postgresql-common"',
  `printf '#!/bin/sh\\nexit 101\\n' > "$1/usr/sbin/policy-rc.d"`,
  'chmod +x "$1/usr/sbin/policy-rc.d"',
  `printf 'create_main_cluster = false\\n' > "$1/etc/postgresql-common/createcluster.conf"`,
].join('; ');
const UNREAD = ['doc', 'man', 'locale', 'info'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`);

async function bootstrap(name: RootName, path: string): Promise<void> {
  const { suite, packages } = ROOTS[name];
  const args = [
    '--variant=apt',
    // A mirror may lag behind suites that move.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    ...UNREAD,
    '--dpkgopt=force-confold',
    `--setup-hook=${PREPARE}`,
    `--include=${['ca-certificates', 'passwd', ...packages].join(',')}`,
    suite,
    path,
    mirror(),
  ];
  const child = spawn('mmdebstrap', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.on('data', (chunk) => {
    printed = (printed + chunk).slice(-2_000);
  });
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`mmdebstrap could not make ${name} of ${suite}:\n${printed}`);
}

/** The mirror that this machine's own apt uses. */
export function mirror(): string {
  if (env.MIRROR) return env.MIRROR;
  const sources = execFileSync(
    'sh',
    ['-c', 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true'],
    {
      encoding: 'utf8',
    },
  );
  const found = [...sources.matchAll(/^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(\S+)/gm)].map(([, url = '']) => url);
  const [url] = found.filter((each) => !each.includes('security'));
  if (url === undefined) throw new Error('apt has no mirror on this machine: set MIRROR to one of Debian');
  return url;
}

/** The way to let go of the lock; undefined where somebody else has done the work meanwhile. */
async function lock(path: string, done: () => boolean): Promise<(() => void) | undefined> {
  for (;;) {
    if (done()) return undefined;
    try {
      writeFileSync(path, String(pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch {
      if (isAbandoned(path)) rmSync(path, { force: true });
    }
    await sleep(500);
  }
}

/** Whether the process that holds the lock is gone. One that was let go meanwhile is another's to take. */
function isAbandoned(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
