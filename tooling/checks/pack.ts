// Proves that a package works for those who install it: node ../../tooling/checks/pack.ts [folder]
//
// Packs it and the packages of this repository that it needs, installs the tarballs with npm into an empty project,
// without any optional peer, and looks from there: what is in it, does every entry point load, are its types found.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { contentProblems } from './src/pack/content.ts';
import { entryPoints, importProblems, typeProblems } from './src/pack/entry-points.ts';
import { oldestNode } from './src/pack/oldest-node.ts';
import { publishProblems } from './src/pack/publish.ts';
import { installTarballs, packWithNeeded } from './src/pack/tarballs.ts';
import { readPackage } from './src/workspace.ts';

const pkg = readPackage(resolve(process.argv[2] ?? '.'));
// A space in the path, as many users have one.
const directory = mkdtempSync(join(realpathSync(tmpdir()), 'rb pack '));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

const tarballs = packWithNeeded(pkg, directory);
const project = installTarballs(tarballs, directory);
const installed = join(project, 'node_modules', pkg.manifest.name);
const entries = entryPoints(readPackage(installed).manifest);
const oldest = oldestNode(pkg.manifest);
const problems = [
  ...contentProblems(installed),
  ...importProblems(project, entries),
  ...(oldest ? importProblems(project, entries, oldest) : []),
  ...typeProblems(project, entries),
  ...(await publishProblems(installed, tarballs[0])),
];

for (const problem of problems) console.error(`${pkg.manifest.name}: ${problem}`);
if (problems.length > 0) process.exitCode = 1;
else
  console.log(`${pkg.manifest.name}: packed, installed, ${entries.length} entry points imported, required and typed`);
