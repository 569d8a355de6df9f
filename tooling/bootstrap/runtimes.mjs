// Node.js and pnpm: the machine's own where they will do, else those that the repository pins.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ask, fail, forceLocal, putOnPath, root, run, windows } from './process.mjs';
import { provide } from './provide.mjs';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The path of a Node that satisfies "engines", which from here on is the `node` on PATH. */
export function provideNode() {
  const minimum = /\d+\.\d+\.\d+/.exec(manifest.engines.node)[0];
  const enough = !forceLocal && !older(process.versions.node, minimum);
  const node = enough ? process.execPath : pinnedNode(minimum);
  putOnPath(dirname(node));
  return node;
}

function pinnedNode(minimum) {
  const version = readFileSync(join(root, '.node-version'), 'utf8').trim();
  const node = nodeOf(version);
  if (ask(node, ['--version']) !== `v${version}`) {
    fail(`this machine cannot run ${node}; install Node.js >= ${minimum} yourself, then try again`);
  }
  return node;
}

/** The path of exactly that version of Node, fetched if need be. */
export function nodeOf(version) {
  const os = windows ? 'win' : process.platform;
  // The packages behind the npm package `node`: the same binaries, without its install script.
  const name = `${os === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${os}-${process.arch}`;
  const binary = join('node_modules', name, 'bin', windows ? 'node.exe' : 'node');
  return join(provide(`node-${version}`, `${name}@${version}`, binary), binary);
}

/** The pinned pnpm, which from here on is the `pnpm` on PATH (turbo needs it there), and how to start it. */
export function providePnpm(node) {
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(manifest.packageManager)[1];
  // Asked outside the repository: inside it, another pnpm (or Corepack) would first try to download the pinned one.
  const outside = { cwd: dirname(process.execPath), shell: windows };
  const present = forceLocal ? undefined : ask('pnpm', ['--version'], outside);
  if (present === version) return { file: 'pnpm', options: { shell: windows } };
  const wrapper = join('node_modules', 'pnpm');
  const binary = join(wrapper, windows ? 'pnpm.exe' : 'pnpm');
  // pnpm's own install script only links the platform's binary. It is run by hand because npm may be told to run none,
  // and without it `pnpm` is a text file that programs which start it directly (turbo) cannot execute.
  const link = (folder) => run(node, ['install.js'], { cwd: join(folder, wrapper) });
  const file = join(provide(`pnpm-${version}`, `pnpm@${version}`, binary, link), binary);
  putOnPath(dirname(file));
  return { file, options: {} };
}

/** Whether version `a` comes before version `b`, both three numbers. */
export function older(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const place = left.findIndex((number, index) => number !== right[index]);
  return place >= 0 && left[place] < right[place];
}
