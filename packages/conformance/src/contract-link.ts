import { relative } from 'node:path';
import { cwd } from 'node:process';
import { fileURLToPath } from 'node:url';

/** Where this package's own copy of the contract says more about a clause: a path from the working directory. */
export function contractLink(id: string): string {
  // The same from src/ as from dist/.
  const file = fileURLToPath(new URL('../docs/contract.md', import.meta.url));
  const near = relative(cwd(), file);
  return `${near.startsWith('..') ? file : near}#${id.toLowerCase()}`;
}
