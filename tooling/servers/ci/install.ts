// Sees to all that tests of servers in local processes need of this machine, and does nothing where it is there:
//
//   node tooling/servers/ci/install.ts
import { makeRoot, ROOT_NAMES, rootOf } from '../src/roots.ts';
import { engineAnswers } from './engine.ts';
import { installPackages } from './packages.ts';

installPackages(engineAnswers(), console.log);
for (const name of ROOT_NAMES.filter((each) => rootOf(each) === undefined)) {
  console.log(`making the root ${name}, of servers that this distribution does not have`);
  await makeRoot(name);
}
