import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesUnder } from '../files.ts';

const ALLOWED = /^(dist\/.+\.(js|d\.ts|js\.map)|docs\/.+\.md|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
const TEST = /\.(test|spec|bench)\./;
const REQUIRED = ['README.md', 'LICENSE', 'package.json'];

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

/** What an installed package has that it should not, and what it lacks. */
export function contentProblems(folder: string): readonly string[] {
  const files = filesUnder(folder);
  const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return [
    ...REQUIRED.filter((file) => !files.includes(file)).map((file) => `the tarball lacks ${file}`),
    ...files.filter((file) => !ALLOWED.test(file) || TEST.test(file)).map((file) => `the tarball has ${file}`),
    ...(/"(workspace|catalog):/.test(text('package.json')) ? ['package.json names no version for a dependency'] : []),
    ...files.filter((file) => file.endsWith('.js')).flatMap((file) => linkProblems(folder, file, text(file))),
    ...files
      .filter((file) => file.endsWith('.map'))
      .flatMap((file) => mapProblems(folder, file, JSON.parse(text(file)))),
  ];
}

function linkProblems(folder: string, file: string, text: string): readonly string[] {
  const map = /^\/\/# sourceMappingURL=(\S+)$/m.exec(text)?.[1];
  return map === undefined || existsSync(join(folder, dirname(file), map))
    ? []
    : [`${file} names ${map}, which is not there`];
}

function mapProblems(folder: string, file: string, { sources, sourcesContent = [] }: SourceMap): readonly string[] {
  const lost = sources.filter(
    (source, index) => typeof sourcesContent[index] !== 'string' && !existsSync(join(folder, dirname(file), source)),
  );
  return lost.map((source) => `${file} points at ${source}, which is not there`);
}
