// What all steps of the bootstrap share: the place of the repository, the environment, starting programs, giving up.
import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const windows = process.platform === 'win32';
/** Whether to ignore the Node and the pnpm that the machine has. */
export const forceLocal = process.env.BOOTSTRAP_LOCAL === '1';

/** What every program here is started with. */
export const env = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...process.env };
// pnpm does not read npm's environment variables; hand on a registry that npm was given that way.
if (process.env.npm_config_registry) env.pnpm_config_registry ??= process.env.npm_config_registry;
// Once pnpm runs the script, nothing else says which npm it was, and with which Node: packages are tried out with it.
if (process.env.npm_execpath?.endsWith('npm-cli.js')) {
  env.BOOTSTRAP_NPM = process.env.npm_execpath;
  env.BOOTSTRAP_NODE = process.execPath;
}

/** Puts a folder first on the PATH of everything started from here on. */
export function putOnPath(folder) {
  // Some launchers on Windows spell it "Path".
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  env[key] = env[key] ? folder + delimiter + env[key] : folder;
}

/** Says on stderr what is being done; stdout belongs to the script. */
export const say = (message) => console.error(`bootstrap: ${message}`);

/** Ends the process. The message says what failed and what to do next. */
export function fail(message) {
  say(message);
  process.exit(1);
}

/** Runs a program to its end, its output shown. */
export function run(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (result.error) fail(`cannot start ${file}: ${result.error.message}`);
  return result;
}

/** What a program prints, trimmed; undefined where it cannot be started or fails. */
export function ask(file, args, options = {}) {
  const result = spawnSync(file, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], ...options });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
