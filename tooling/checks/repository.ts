// Checks the rules of the repository alone, in under a second: node tooling/checks/repository.ts
import { CHECKS } from './src/checks.ts';
import { ROOT } from './src/workspace.ts';

for (const { name, problems } of CHECKS) {
  const found = problems(ROOT);
  console.log(`${found.length === 0 ? 'ok    ' : 'failed'}  ${name}`);
  for (const problem of found) console.log(`          ${problem}`);
  if (found.length > 0) process.exitCode = 1;
}
