import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { env, execPath } from 'node:process';
import { publishedPackages, ROOT, type WorkspacePackage } from '../workspace.ts';
import { need } from './run.ts';

/** Packs a package, and after it those of this repository that it cannot do without; their tarballs in that order. */
export function packWithNeeded(pkg: WorkspacePackage, directory: string): readonly [string, ...string[]] {
  const [first, ...rest] = withNeeded(pkg, publishedPackages(ROOT)).map((each) => pack(each, directory));
  if (first === undefined) throw new Error(`nothing was packed of ${pkg.folder}`);
  return [first, ...rest];
}

function withNeeded(pkg: WorkspacePackage, all: readonly WorkspacePackage[]): readonly WorkspacePackage[] {
  const { dependencies, peerDependencies, peerDependenciesMeta } = pkg.manifest;
  const names = Object.keys({ ...dependencies, ...peerDependencies }).filter(
    (name) => !peerDependenciesMeta?.[name]?.optional,
  );
  const needed = all.filter(({ manifest }) => names.includes(manifest.name)).flatMap((each) => withNeeded(each, all));
  const byFolder = new Map([pkg, ...needed].map((each) => [each.folder, each]));
  return [...byFolder.values()];
}

/** By pnpm, which writes versions where package.json says workspace: and catalog:, and adds the LICENSE of the root. */
function pack({ folder, manifest }: WorkspacePackage, directory: string): string {
  const destination = join(directory, 'tarballs', basename(folder));
  need('pnpm', ['pack', '--pack-destination', destination], folder);
  const [file] = globSync('*.tgz', { cwd: destination });
  if (file === undefined) throw new Error(`pnpm pack made no tarball of ${manifest.name}`);
  return join(destination, file);
}

/** A new project with the tarballs installed by npm, as a user has them; its folder. */
export function installTarballs(tarballs: readonly string[], directory: string): string {
  const project = join(directory, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  installInto(project, tarballs);
  return project;
}

/** What a project asks for, and the tarballs. */
export function installInto(project: string, tarballs: readonly string[]): void {
  const args = [
    'install',
    ...tarballs,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ];
  runNpm(project, args);
}

/** Errors: Error with what npm wrote. */
export function runNpm(project: string, args: readonly string[]): void {
  const [file, cli] = npm();
  need(file, [...cli, ...args], project);
}

/** npm with the Node that it belongs to, which the bootstrap notes: with another one it does not find its configuration. */
const npm = (): readonly [string, readonly string[]] =>
  env.BOOTSTRAP_NPM ? [env.BOOTSTRAP_NODE ?? execPath, [env.BOOTSTRAP_NPM]] : ['npm', []];
