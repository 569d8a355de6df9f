import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root, run, say } from './process.mjs';

/**
 * `pnpm install --frozen-lockfile`, unless nothing that it reads or writes has changed since the last one that succeeded.
 * Leaving it out is not only faster: pnpm may ask the registry about the lock file again, which fails without a network.
 */
export function installDependencies(pnpm) {
  const file = join(root, 'node_modules', '.bootstrap-stamp');
  if (existsSync(file) && readFileSync(file, 'utf8') === stamp(root)) return;
  say('installing the dependencies');
  const args = ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'];
  const { status } = run(pnpm.file, args, pnpm.options);
  if (status !== 0) {
    fail('could not install the dependencies (see above); check the network, and that pnpm-lock.yaml is up to date');
  }
  // Without one (NODE_ENV=production leaves packages bare) the next run installs again.
  const made = stamp(root);
  if (made) writeFileSync(file, made);
}

/**
 * A hash of all that an installation depends on and of what pnpm noted about the one that is there;
 * undefined when a package's node_modules is missing.
 */
export function stamp(directory) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\0`);
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'package.json', 'node_modules/.modules.yaml'];
  for (const folder of workspacePackages(directory)) {
    const manifest = join(folder, 'package.json');
    files.push(manifest);
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(directory, manifest), 'utf8'));
    const needed = Object.keys({ ...dependencies, ...devDependencies }).length > 0;
    if (needed && !existsSync(join(directory, folder, 'node_modules'))) return undefined;
  }
  for (const file of files) {
    const path = join(directory, file);
    hash.update(`${file}\0`).update(existsSync(path) ? readFileSync(path) : 'none');
  }
  return hash.digest('hex');
}

/** The folders that pnpm-workspace.yaml names as packages. */
const workspacePackages = (directory) =>
  ['packages', 'tooling']
    .flatMap((parent) => readdirSync(join(directory, parent)).map((name) => join(parent, name)))
    .filter((folder) => existsSync(join(directory, folder, 'package.json')))
    .sort();
