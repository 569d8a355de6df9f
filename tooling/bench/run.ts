// Runs every *.bench.ts of a folder, each in a process of its own so that none inherits another's compiled code or heap:
//
//   node ../../tooling/bench/run.ts bench [part of a file name]
//
// A package without that folder has nothing to measure: silence, exit code 0.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const [folder = 'bench', part = ''] = process.argv.slice(2);
for (const file of globSync('**/*.bench.ts', { cwd: folder }).toSorted()) {
  if (!file.includes(part)) continue;
  const { status } = spawnSync(process.execPath, [join(folder, file)], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`bench: ${join(folder, file)} failed`);
    process.exitCode = 1;
  }
}
