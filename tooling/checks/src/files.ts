import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What tools write into a checkout; .gitignore says the same. */
const GENERATED = ['node_modules', 'dist', 'coverage', '.turbo', '.tooling', '.git'];

/** All files under a folder, those with a leading dot too (a glob leaves them out), relative to it, with forward slashes. */
export const filesUnder = (folder: string, except: readonly string[] = []): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !except.includes(entry.name))
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesUnder(join(folder, entry.name), except).map((file) => `${entry.name}/${file}`)
        : entry.name,
    )
    .toSorted();

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
    return filesUnder(root, GENERATED);
  }
}
