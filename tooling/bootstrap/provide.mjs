import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root, run, say, windows } from './process.mjs';

const tooling = join(root, '.tooling');

/**
 * Installs `spec` from the npm registry into .tooling/<name>, once and all or nothing; the path of that folder.
 *
 * `check` is the file, inside that folder, that a whole installation has; `finish` completes one that npm made.
 */
export function provide(name, spec, check, finish = () => {}) {
  const target = join(tooling, name);
  if (existsSync(join(target, check))) return target;
  say(`fetching ${spec} into .tooling/${name} (once)`);
  mkdirSync(tooling, { recursive: true });
  const temp = mkdtempSync(join(tooling, `${name}-`));
  const npm = installWithNpm(spec, temp);
  if (npm.status === 0) finish(temp);
  if (npm.status !== 0 || !existsSync(join(temp, check))) {
    rmSync(temp, { recursive: true, force: true });
    fail(
      `could not install ${spec} from the npm registry (see above); check the network and npm's configuration, then try again`,
    );
  }
  moveInto(target, temp, check);
  return target;
}

function installWithNpm(spec, prefix) {
  const args = ['install', spec, '--prefix', prefix, '--ignore-scripts', '--no-save', '--no-package-lock'];
  args.push('--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error');
  // npm tells its own path to the scripts that it runs, which avoids npm.cmd and a shell. It is started with the Node
  // that it belongs to: with another one it would not find the global npmrc, hence neither proxy nor certificates.
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js')
    ? run(process.execPath, [cli, ...args])
    : run(windows ? 'npm.cmd' : 'npm', args, { shell: windows });
}

function moveInto(target, temp, check) {
  try {
    renameSync(temp, target);
  } catch (error) {
    // Another bootstrap was faster; its result is as good.
    rmSync(temp, { recursive: true, force: true });
    if (!existsSync(join(target, check))) throw error;
  }
}
