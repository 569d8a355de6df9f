import { execFileSync } from 'node:child_process';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../workspace.ts';

const FETCH = fileURLToPath(new URL('../../../bootstrap/oldest-node.mjs', import.meta.url));

/**
 * The oldest Node that "engines" promises, fetched from the registry; undefined outside of CI, where nobody should have to
 * wait for it.
 *
 * Errors: Error where the promise is no plain minimum, or that version is not to be had.
 */
export function oldestNode({ name, engines }: Manifest): string | undefined {
  if (env.CI !== 'true') return undefined;
  const minimum = /^>=(\d+\.\d+)$/.exec(engines?.node ?? '')?.[1];
  if (minimum === undefined) throw new Error(`${name} promises no oldest Node such as ">=22.15" in "engines"`);
  const stdout = execFileSync(execPath, [FETCH, `${minimum}.0`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return stdout.trimEnd().split('\n').at(-1);
}
