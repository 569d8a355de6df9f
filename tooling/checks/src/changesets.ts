import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { publishedPackages } from './workspace.ts';

/**
 * Packages whose sources changed since their last release and that no pending changeset names.
 *
 * `changeset version` writes a package's CHANGELOG.md, so the last commit that touched it is the last release; without
 * one the package was never released, and all of it is new. That needs neither tags nor a branch to compare with, and
 * in a shallow clone, whose history ends too early, it errs towards no problem.
 */
export function changesetProblems(root: string): readonly string[] {
  const named = pendingPackages(root);
  return publishedPackages(root)
    .filter(({ manifest, folder }) => !named.has(manifest.name) && changedSinceRelease(root, relative(root, folder)))
    .map(({ manifest }) => `${manifest.name} changed and no file in .changeset/ names it: run \`pnpm changeset\``);
}

/** The packages that the front matter of the files in .changeset/ names. */
function pendingPackages(root: string): ReadonlySet<string> {
  const texts = globSync('.changeset/*.md', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  const frontMatters = texts.map((text) => /^---\r?\n(.*?)^---/ms.exec(text)?.[1] ?? '');
  return new Set(
    frontMatters.flatMap((lines) =>
      [...lines.matchAll(/^["']?(@?[\w/.-]+)["']?\s*:/gm)].map((match) => match[1] ?? ''),
    ),
  );
}

function changedSinceRelease(root: string, folder: string): boolean {
  if (!existsSync(join(root, folder, 'CHANGELOG.md'))) return existsSync(join(root, folder, 'src'));
  // Without a commit of its own the CHANGELOG is new, as it is while a release is being prepared.
  const release = git(root, 'log', '-1', '--format=%H', '--', `${folder}/CHANGELOG.md`);
  return release !== '' && git(root, 'diff', '--name-only', release, '--', `${folder}/src`) !== '';
}

/** What git prints; nothing where the tree came without its history. */
function git(root: string, ...args: readonly string[]): string {
  const { stdout, status } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}
