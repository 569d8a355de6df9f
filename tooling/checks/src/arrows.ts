import { posix } from 'node:path';
import { type Import, parseSource } from './imports.ts';
import { type Manifest, publishedPackages, sourceFiles, type WorkspacePackage } from './workspace.ts';

/** What a package may need at run time. */
interface Arrows {
  /** Packages of this repository; '*' for all, but by dynamic import only. */
  readonly packages: readonly string[] | '*';
  /** Drivers, each an optional peer; '*' for any declared dependency. */
  readonly externals: readonly string[] | '*';
  /** Libraries that come along as dependencies. */
  readonly brings?: readonly string[];
}

const CORE = ['@rb/core'];

/** The map of architecture.md 1. A package that is not in it fails the check: its place is a decision to be made. */
const MAP: Readonly<Record<string, Arrows>> = {
  '@rb/core': { packages: [], externals: [] },
  '@rb/serializers': { packages: CORE, externals: '*' },
  '@rb/redis': { packages: CORE, externals: ['ioredis'] },
  '@rb/sql': { packages: ['@rb/core', '@rb/serializers'], externals: ['pg', 'mysql2', 'better-sqlite3'] },
  '@rb/mongo': { packages: CORE, externals: ['mongodb'] },
  '@rb/rpc': { packages: CORE, externals: ['amqplib'] },
  '@rb/dual': { packages: CORE, externals: [] },
  // Never a test runner and never containers: third parties bring their own. fast-check shrinks what the model finds.
  '@rb/conformance': { packages: CORE, externals: [], brings: ['fast-check'] },
  '@rb/cli': { packages: '*', externals: '*' },
};

/** Runs where `fetch` runs, hence without `node:`; diagnostics is an entry point of its own, for Node alone. */
const NODE_IN_CORE = 'src/diagnostics.ts';
/** Picks an adapter by the scheme of a URL; the one place where a package's name is not known beforehand. */
const CONNECT_IN_CORE = 'src/connect.ts';
/** Files of the kit that import what they are told to: the harness that a command line or another process names. */
const LOADS_HARNESS: readonly string[] = [
  'src/cli/load-harness.ts',
  'src/second-process-entry.ts',
  'src/saboteurs/sabotaged-harness.ts',
];

/** Every arrow between packages, drivers and files that architecture.md 1 and style.md 1.5 do not allow. */
export const arrowProblems = (root: string): readonly string[] => publishedPackages(root).flatMap(packageProblems);

function packageProblems(pkg: WorkspacePackage): readonly string[] {
  const { name } = pkg.manifest;
  const arrows = MAP[name];
  if (!arrows)
    return [`${name} has no place in the map of packages (tooling/checks/src/arrows.ts): say what it may import`];
  const problems = manifestProblems(pkg.manifest, arrows).map((problem) => `${name}: package.json ${problem}`);
  for (const file of sourceFiles(pkg)) {
    const { imports, onlyReExports } = parseSource(`${pkg.folder}/${file}`);
    const found = imports.flatMap((each) => importProblem(pkg.manifest, arrows, file, each) ?? []);
    if (isIndex(file) && !onlyReExports) found.push('does more than re-export');
    problems.push(...found.map((problem) => `${name}: ${file} ${problem}`));
  }
  return problems;
}

const isIndex = (file: string): boolean => posix.basename(file).startsWith('index.');

function importProblem(
  { name }: Manifest,
  arrows: Arrows,
  file: string,
  { specifier, dynamic }: Import,
): string | undefined {
  const connects = name === '@rb/core' && file === CONNECT_IN_CORE && dynamic;
  if (specifier === undefined) {
    const loads = name === '@rb/conformance' && LOADS_HARNESS.includes(file);
    return connects || loads ? undefined : 'gives import() something else than a string literal';
  }
  if (specifier.startsWith('.')) return relativeProblem(file, specifier);
  if (specifier.startsWith('node:')) {
    const forbidden = name === '@rb/core' && file !== NODE_IN_CORE;
    return forbidden ? `imports ${specifier}, and core runs without Node` : undefined;
  }
  const target = packageName(specifier);
  if (target === name) return `imports its own package by name (${specifier}): import the file`;
  if (!target.startsWith('@rb/'))
    return mayUse(arrows.externals, target) || arrows.brings?.includes(target) ? undefined : `imports ${target}`;
  if (arrows.packages === '*') return dynamic ? undefined : `imports ${target} statically: only import() is allowed`;
  return connects || arrows.packages.includes(target) ? undefined : `imports ${target}`;
}

function relativeProblem(file: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  // For its version, which a bundler writes in.
  if (target === 'package.json') return undefined;
  if (!target.startsWith('src/')) return `imports ${specifier}, outside the sources of its package`;
  if (isIndex(target)) return `imports ${specifier}: name the file that has it`;
  return undefined;
}

function manifestProblems(manifest: Manifest, arrows: Arrows): readonly string[] {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies }).flatMap((target) => {
    if (target.startsWith('@rb/')) {
      // So that connect() finds the adapter under package managers that show a package no more than it declares.
      if (manifest.name === '@rb/core' && peerDependenciesMeta[target]?.optional) return [];
      if (arrows.packages !== '*' && !arrows.packages.includes(target)) return [`needs ${target}`];
      if (arrows.packages !== '*' && target in dependencies) return [`needs ${target} as a dependency: make it a peer`];
      return [];
    }
    if (arrows.brings?.includes(target))
      return target in dependencies ? [] : [`needs ${target}, which must be a dependency`];
    if (!mayUse(arrows.externals, target)) return [`needs ${target}`];
    if (arrows.externals === '*' || peerDependenciesMeta[target]?.optional) return [];
    return [`needs ${target}, which must be an optional peer`];
  });
}

const mayUse = (allowed: readonly string[] | '*', target: string): boolean =>
  allowed === '*' || allowed.includes(target);

/** `@scope/name` or `name` of `name/some/file`. */
const packageName = (specifier: string): string => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
