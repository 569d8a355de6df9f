import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';

/** Where a server's programs lie, and as whom they run. */
export interface Place {
  /** Of a program, by its path on that system: what to spawn. Ends in exec, so that the child's pid is the server's. */
  command(program: string, args: readonly string[]): readonly [string, readonly string[]];
  /** Owner of what the server writes; undefined where it runs as whoever runs the tests. */
  readonly uid: number | undefined;
  has(program: string): boolean;
}

/** nobody: every Debian has it, and servers that refuse to run as root take it. */
const HOST_UID = 65_534;
/** The user `svc` that roots.ts makes in every root. */
export const ROOT_UID = 64_123;

const isSuperuser = getuid?.() === 0;
/** So that no server outlives a run that is killed. Set after the change of user, which would clear it. */
const DIES_WITH_US = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] : [];

const asUser = (uid: number): readonly string[] => [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

/** The machine's own programs. */
export const host: Place = {
  uid: isSuperuser ? HOST_UID : undefined,
  has: existsSync,
  command(program, args) {
    const [wrapper, ...wrapping] = DIES_WITH_US;
    if (wrapper === undefined) return [program, args];
    return [wrapper, [...wrapping, ...(isSuperuser ? asUser(HOST_UID) : []), program, ...args]];
  },
};

/** A program of the machine, run as whoever runs the tests. */
export const self: Place = {
  uid: undefined,
  has: existsSync,
  command(program, args) {
    const [wrapper, ...wrapping] = DIES_WITH_US;
    return wrapper === undefined ? [program, args] : [wrapper, [...wrapping, program, ...args]];
  },
};

/**
 * A private mount namespace: nothing is left mounted, and any number of servers share the root. Temporary folders have
 * the same path inside as outside.
 */
const ENTER = `
R=$1; T=$2; shift 2
mount -t proc proc "$R/proc"; mount --rbind /dev "$R/dev"; mount --bind /tmp "$R/tmp"
case "$T/" in /tmp/*) ;; *) mkdir -p "$R$T"; mount --bind "$T" "$R$T" ;; esac
exec chroot "$R" "$@"`;

/** The programs of another distribution, in a directory (see roots.ts). Entered by root alone. */
export const inRoot = (root: string): Place => ({
  uid: ROOT_UID,
  has: (program) => isSuperuser && existsSync(join(root, program)),
  command: (program, args) => [
    '/usr/bin/unshare',
    [
      '--mount',
      'sh',
      '-c',
      ENTER,
      'sh',
      root,
      tmpdir(),
      '/usr/bin/setpriv',
      '--pdeathsig',
      'KILL',
      ...asUser(ROOT_UID),
      program,
      ...args,
    ],
  ],
});
