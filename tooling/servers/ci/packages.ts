import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/** What tests run, and what makes images and roots. */
const PACKAGES = [
  ...['redis-server', 'redis-sentinel', 'redis-tools', 'postgresql', 'pgbouncer'],
  ...['mariadb-server-core', 'mariadb-client', 'rabbitmq-server', 'openssl', 'mmdebstrap'],
];

/** Tests ask real Celery, in virtual environments that they make. Debian's python3 alone cannot make one. */
const PYTHON = ['python3', 'python3-venv'];

/** The engine, with the packet filter that it needs. Only where no other one is there: their packages exclude each other. */
const ENGINE = ['docker.io', 'iptables'];

/** Installing must not start a daemon: on the standard ports it would be in the way of the machine's own. */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs, from the packages of the distribution, what is missing. Without that it takes a few milliseconds.
 *
 * Errors: Error that names the packages, where this system has no apt-get or does not let us be root.
 */
export function installPackages(engineAnswers: boolean, say: (message: string) => void): void {
  const wanted = [...PACKAGES, ...(canMakeVenv() ? [] : PYTHON), ...(engineAnswers ? [] : ENGINE)];
  const missing = hasApt() ? notInstalled(wanted) : wanted;
  if (missing.length === 0) return;
  if (!hasApt()) {
    throw new Error(`there is no apt-get: install what these packages of Debian hold: ${missing.join(' ')}`);
  }
  say(`installing ${missing.join(' ')}`);
  // What is there already is somebody else's rule, and as strict or wanted.
  const ours = !existsSync(POLICY);
  if (ours) asRoot('sh', '-c', `printf '#!/bin/sh\\nexit 101\\n' >${POLICY} && chmod +x ${POLICY}`);
  try {
    asRoot('apt-get', 'update', '--quiet');
    asRoot(
      'apt-get',
      '-o',
      'DPkg::Lock::Timeout=300',
      'install',
      '--quiet',
      '--yes',
      '--no-install-recommends',
      ...missing,
    );
  } finally {
    if (ours) asRoot('rm', '--force', POLICY);
  }
}

const hasApt = (): boolean => existsSync('/usr/bin/apt-get');

function notInstalled(packages: readonly string[]): readonly string[] {
  // Fails for a package that it does not know, and tells of the others all the same.
  const { stdout } = spawnSync(
    'dpkg-query',
    ['--show', `--showformat=\${db:Status-Status} \${Package}\n`, ...packages],
    {
      encoding: 'utf8',
    },
  );
  const installed = new Set(stdout.split('\n').map((line) => /^installed (.*)/.exec(line)?.[1]));
  return packages.filter((name) => !installed.has(name));
}

function canMakeVenv(): boolean {
  return spawnSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status === 0;
}

/** Errors: Error with the end of what the program printed, where it fails. */
function asRoot(...command: readonly string[]): void {
  const [file, ...args] = process.getuid?.() === 0 ? command : ['sudo', '--non-interactive', ...command];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error, stdout, stderr } = spawnSync(file ?? '', args, { env, encoding: 'utf8', stdio: 'pipe' });
  if (error) throw new Error(`cannot start ${file}: ${error.message}`);
  if (status !== 0) throw new Error(`${command.join(' ')} exits with ${status}:\n${(stdout + stderr).slice(-2000)}`);
}
