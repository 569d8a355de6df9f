#!/usr/bin/env node
// Sets up everything a checkout needs, then runs one package.json script:
//
//   node tooling/bootstrap/bootstrap.mjs [script [args...]]
//
// No dependencies, runs on Node >= 18. What the machine already has is used; what is missing comes from the npm
// registry (honouring the user's npm configuration) and goes into .tooling/, nowhere else:
//   1. Node.js: the running one if it satisfies "engines", else the version in .node-version;
//   2. pnpm: the one on PATH if it is the version in "packageManager", else exactly that version;
//   3. `pnpm install --frozen-lockfile`, unless nothing changed since the last one;
//   4. `pnpm run <script>` with that Node and that pnpm first on PATH.
// Set BOOTSTRAP_LOCAL=1 to ignore what the machine has and always use .tooling/.
import { installDependencies } from './dependencies.mjs';
import { run } from './process.mjs';
import { provideNode, providePnpm } from './runtimes.mjs';

const [script, ...args] = process.argv.slice(2);
const node = provideNode();
const pnpm = providePnpm(node);
installDependencies(pnpm);
// Silent: the script's own last lines are the result; pnpm would add how it was started and that it failed.
if (script) process.exitCode = run(pnpm.file, ['--silent', 'run', script, ...args], pnpm.options).status ?? 1;
