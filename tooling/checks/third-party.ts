// Proves that a third party can write an adapter: node tooling/checks/third-party.ts [folder of tooling/third-party]
//
// Packs the contract and its kit as they are published, copies each project of tooling/third-party elsewhere, installs the
// tarballs there by npm and runs the project's own tests. Those need nothing of this repository.
import { cpSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { installInto, packWithNeeded, runNpm } from './src/pack/tarballs.ts';
import { ROOT, readPackage } from './src/workspace.ts';

const THIRD_PARTY = join(ROOT, 'tooling/third-party');
/** Test runners name every test first, and say at the end what is wrong. */
const MAX_LINES = 80;
const chosen = process.argv.slice(2);
const names = readdirSync(THIRD_PARTY).filter(
  (name) => existsSync(join(THIRD_PARTY, name, 'package.json')) && (chosen.length === 0 || chosen.includes(name)),
);

const directory = mkdtempSync(join(realpathSync(tmpdir()), 'rb third party '));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
const tarballs = packWithNeeded(readPackage(join(ROOT, 'packages/conformance')), directory);

for (const name of names) {
  const started = performance.now();
  const project = join(directory, name);
  cpSync(join(THIRD_PARTY, name), project, {
    recursive: true,
    filter: (source) => basename(source) !== 'node_modules',
  });
  try {
    installInto(project, tarballs);
    runNpm(project, ['test']);
    console.log(`ok      ${name}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    const lines = String(error instanceof Error ? error.message : error).split('\n');
    console.error([`failed  ${name}: ${lines[0]}`, ...lines.slice(1).slice(-MAX_LINES)].join('\n'));
    process.exitCode = 1;
  }
}
if (names.length === 0) {
  console.error(`no project of tooling/third-party was checked${chosen.length > 0 ? `: ${chosen.join(' ')}?` : ''}`);
  process.exitCode = 1;
}
