import { relative } from 'node:path';
import { cwd } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Harness } from './harness.js';
import type { Suite } from './suite.js';

/** The command that checks one clause once more: by the command line where the harness names its module, else by the environment. */
export function repeatCommand(
  { module }: Harness,
  { profile, seed }: Pick<Suite, 'profile' | 'seed'>,
  id: string,
): string {
  // A module with a query is not to be had by a path.
  if (module === undefined || new URL(module).search !== '') {
    const chosen = profile === 'full' ? '' : ` RB_CONFORMANCE_PROFILE=${profile}`;
    return `RB_CONFORMANCE_ONLY=${id} RB_CONFORMANCE_SEED=${seed}${chosen} <the command that runs this test file>`;
  }
  const chosen = profile === 'full' ? '' : ` --profile ${profile}`;
  return `npx rb-conformance ${pathOf(module)} --only ${id} --seed ${seed}${chosen}`;
}

function pathOf(module: string | URL): string {
  const path = relative(cwd(), fileURLToPath(module));
  return /[^\w./@-]/.test(path) ? `'${path}'` : path;
}
