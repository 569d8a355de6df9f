import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles } from './files.ts';

/** architecture.md 1: what the top level may hold. Dot-files are those that a tool of this repository reads. */
const TOP_LEVEL = new Set([
  'package.json',
  'pnpm-workspace.yaml',
  'pnpm-lock.yaml',
  'turbo.json',
  'packages',
  'tooling',
  'README.md',
  'LICENSE',
  '.biome.json',
  '.changeset',
  '.ci',
  '.gitattributes',
  '.gitignore',
  '.knip.json',
  '.node-version',
]);

/** Entries of the top level that have no place there. */
export function topLevelProblems(root: string): readonly string[] {
  const entries = new Set(repositoryFiles(root).map((file) => file.split('/', 1).join('')));
  return [...entries]
    .filter((entry) => !TOP_LEVEL.has(entry))
    .map((entry) => `${entry} does not belong to the top level: move it under packages/ or tooling/`);
}

/** Places that exist only on the machine where this repository is written. Joined here so that this file does not name them. */
const ELSEWHERE = [['..', 'shared', ''].join('/'), ['', 'work', ''].join('/')];

/** Files that mention a place outside the repository, which a reader of a clone does not have. */
export const mentionProblems = (root: string): readonly string[] =>
  repositoryFiles(root).flatMap((file) => {
    const path = join(root, file);
    const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
    const lines = text.split('\n');
    return ELSEWHERE.flatMap((place) => {
      const line = lines.findIndex((each) => each.includes(place));
      return line < 0 ? [] : [`${file}:${line + 1} mentions ${place}, which no clone has`];
    });
  });

/** Lines of the lock file that name a registry or a mirror: another machine may not reach it. */
export function lockFileProblems(root: string): readonly string[] {
  const lines = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8').split('\n');
  return lines.flatMap((line, index) =>
    /\btarball:|https?:\/\//.test(line) ? [`pnpm-lock.yaml:${index + 1} names a host: ${line.trim()}`] : [],
  );
}
