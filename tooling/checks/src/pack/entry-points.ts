import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../workspace.ts';
import { run } from './run.ts';

/** What users write to import the package: `@rb/sql/sqlite` for each code entry of "exports". */
export const entryPoints = ({ name, exports = {} }: Manifest): readonly string[] =>
  Object.keys(exports)
    .filter((key) => !key.endsWith('.json'))
    .map((key) => name + key.slice(1));

/** Entry points that a project cannot load with this Node, by `import` or by `require`, or that keep its process alive. */
export function importProblems(
  project: string,
  entries: readonly string[],
  node: string = execPath,
): readonly string[] {
  const loaders = { module: 'await import(process.argv[1])', commonjs: 'require(process.argv[1])' };
  return entries.flatMap((entry) =>
    Object.entries(loaders).flatMap(([type, code]) => {
      const { ok, output } = run(node, [`--input-type=${type}`, '--eval', code, entry], project);
      return ok ? [] : [`${entry} does not load in a project of type ${type} (${node}):\n${output}`];
    }),
  );
}

/** How projects resolve types, and the files to try it from: CommonJS under nodenext is a case of its own. */
const RESOLUTIONS = [
  { module: 'preserve', moduleResolution: 'bundler', extensions: ['ts'] },
  { module: 'nodenext', moduleResolution: 'nodenext', extensions: ['mts', 'cts'] },
] as const;

/** Entry points whose types are not found, or are wrong, in a project that has @types/node and checks its libraries. */
export const typeProblems = (project: string, entries: readonly string[]): readonly string[] =>
  RESOLUTIONS.flatMap(({ extensions, ...resolution }) => {
    const files = extensions.flatMap((extension) =>
      entries.map((entry, index) => {
        const file = `entry-${index}.${extension}`;
        writeFileSync(join(project, file), consumer(entry));
        return file;
      }),
    );
    const compilerOptions = { ...OPTIONS, ...resolution };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const { ok, output } = run('tsc', ['--project', 'tsconfig.json'], project);
    return ok ? [] : [`types do not resolve under ${resolution.moduleResolution}:\n${output}`];
  });

/** `true` is not assignable where the entry has no types, and so is `any`. */
const consumer = (entry: string): string =>
  `import * as entry from '${entry}';\nexport const typed: 0 extends 1 & typeof entry ? never : true = true;\n`;

const OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  types: ['node'],
  typeRoots: [fileURLToPath(new URL('../../node_modules/@types', import.meta.url))],
};
