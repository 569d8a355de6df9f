import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** What tools write into a checkout; .gitignore says the same. */
const GENERATED = ['node_modules', 'dist', 'coverage', '.turbo', '.tooling', '.git'];

/**
 * The files of the repository, relative to its root: those that git knows or would take, or all but what tools write
 * where the tree came without git.
 */
export function repositoryFiles(root: string): readonly string[] {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    // A file that was deleted but not yet staged is still listed, which the readers of the list have to bear.
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\0')
      .filter(Boolean);
  } catch {
    const entries = globSync('**', {
      cwd: root,
      withFileTypes: true,
      exclude: (entry) => GENERATED.includes(entry.name),
    });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(root.length + 1));
  }
}
