#!/usr/bin/env node
// Sets up everything a checkout needs, then runs one package.json script:
//
//   node tooling/bootstrap/bootstrap.mjs [script [args...]]
//
// No dependencies, runs on Node >= 18. What the machine already has is used; what is missing comes from the npm
// registry (honouring the user's npm configuration) and goes into .tooling/, nowhere else:
//   1. Node.js: the running one if it satisfies "engines", else the version in .node-version;
//   2. pnpm: the one on PATH if it is the version in "packageManager", else exactly that version;
//   3. `pnpm install --frozen-lockfile` (well under a second when nothing changed);
//   4. `pnpm run <script>` with that Node and that pnpm first on PATH.
// Set BOOTSTRAP_LOCAL=1 to ignore what the machine has and always use .tooling/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const tooling = join(root, '.tooling');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const windows = process.platform === 'win32';
const forceLocal = process.env.BOOTSTRAP_LOCAL === '1';
const env = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...process.env };
// Some launchers spell it "Path".
const pathKey = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';

function fail(message) {
  console.error(`bootstrap: ${message}`);
  process.exit(1);
}

function run(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (result.error) fail(`cannot start ${file}: ${result.error.message}`);
  return result;
}

/** Installs `spec` from the npm registry into .tooling/<name>, all or nothing, once. */
function provide(name, spec, check, finish) {
  const target = join(tooling, name);
  if (existsSync(join(target, check))) return target;
  console.error(`bootstrap: installing ${spec} into .tooling/${name}`);
  mkdirSync(tooling, { recursive: true });
  const temp = mkdtempSync(join(tooling, `${name}-`));
  const args = ['install', spec, '--prefix', temp, '--ignore-scripts', '--no-save', '--no-package-lock'];
  args.push('--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error');
  // npm tells its own path to the scripts that it runs; that avoids npm.cmd and a shell.
  const cli = process.env.npm_execpath;
  const npm = cli?.endsWith('npm-cli.js')
    ? run(process.execPath, [cli, ...args])
    : run(windows ? 'npm.cmd' : 'npm', args, { shell: windows });
  if (npm.status === 0) finish?.(temp);
  if (npm.status !== 0 || !existsSync(join(temp, check))) {
    rmSync(temp, { recursive: true, force: true });
    fail(`could not install ${spec} from the npm registry (see above)`);
  }
  try {
    renameSync(temp, target);
  } catch (error) {
    // Another bootstrap was faster; its result is as good.
    rmSync(temp, { recursive: true, force: true });
    if (!existsSync(join(target, check))) throw error;
  }
  return target;
}

function older(version, minimum) {
  const [a, b] = [version, minimum].map((v) => v.split('.').map(Number));
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return a[i] < b[i];
  return false;
}

// 1. Node.js
let node = process.execPath;
const minimum = /(\d+\.\d+\.\d+)/.exec(manifest.engines.node)[1];
if (forceLocal || older(process.versions.node, minimum)) {
  const version = readFileSync(join(root, '.node-version'), 'utf8').trim();
  const os = windows ? 'win' : process.platform;
  const name = `${os === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${os}-${process.arch}`;
  const binary = join('node_modules', name, 'bin', windows ? 'node.exe' : 'node');
  node = join(provide(`node-${version}`, `${name}@${version}`, binary), binary);
  const answer = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (answer.stdout?.trim() !== `v${version}`) {
    fail(
      `this machine cannot run Node ${version} (${answer.error?.message ?? answer.stderr}); install Node >= ${minimum}`,
    );
  }
}
env[pathKey] = dirname(node) + delimiter + env[pathKey];

// 2. pnpm
const wanted = /^pnpm@(\d+\.\d+\.\d+)/.exec(manifest.packageManager)[1];
let pnpm = 'pnpm';
// Asked outside the repository: inside it, another pnpm (or Corepack) would first try to download the wanted one.
const probe = {
  cwd: dirname(process.execPath),
  env,
  encoding: 'utf8',
  shell: windows,
  stdio: ['ignore', 'pipe', 'ignore'],
};
const present = forceLocal ? undefined : spawnSync(pnpm, ['--version'], probe).stdout;
if (present?.trim() !== wanted) {
  const wrapper = join('node_modules', 'pnpm');
  const check = join(wrapper, windows ? 'pnpm.exe' : 'pnpm');
  // pnpm's own install script only links the platform's binary. It is run by hand because npm may be told to run none,
  // and without it `pnpm` is a text file that programs which start it directly (turbo) cannot execute.
  const dir = provide(`pnpm-${wanted}`, `pnpm@${wanted}`, check, (temp) =>
    run(node, ['install.js'], { cwd: join(temp, wrapper) }),
  );
  pnpm = join(dir, check);
  env[pathKey] = dirname(pnpm) + delimiter + env[pathKey];
}

// 3. dependencies
const options = { shell: windows && pnpm === 'pnpm' };
// pnpm does not read npm's environment variables; hand on a registry that npm was given that way.
if (process.env.npm_config_registry) env.pnpm_config_registry ??= process.env.npm_config_registry;
const install = run(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'], options);
if (install.status !== 0) process.exit(install.status ?? 1);

// 4. the script
const [script, ...args] = process.argv.slice(2);
if (script) {
  const result = run(pnpm, ['run', script, ...args], options);
  process.exit(result.status ?? 1);
}
