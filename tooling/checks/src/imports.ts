import { readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';

/** One `import`, `export ... from` or `import()`, of types too. */
export interface Import {
  /** undefined where the specifier of an `import()` is not a string literal. */
  readonly specifier: string | undefined;
  readonly dynamic: boolean;
}

export interface ParsedSource {
  readonly imports: readonly Import[];
  /** Whether it consists of `export ... from` and `export {}` alone. */
  readonly onlyReExports: boolean;
}

/** Errors: a file that does not parse throws, with its first error. */
export function parseSource(file: string): ParsedSource {
  const text = readFileSync(file, 'utf8');
  const { module, program, errors } = parseSync(file, text);
  const [error] = errors;
  if (error) throw new Error(`${file} does not parse: ${error.message}`);
  const requests = [
    ...module.staticImports.map((entry) => entry.moduleRequest),
    ...module.staticExports.flatMap((statement) => statement.entries.map((entry) => entry.moduleRequest)),
  ];
  const specifiers = new Set(requests.flatMap((request) => request?.value ?? []));
  return {
    imports: [
      ...[...specifiers].map((specifier) => ({ specifier, dynamic: false })),
      ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
        specifier: /^(['"])(.*)\1$/.exec(text.slice(start, end))?.[2],
        dynamic: true,
      })),
    ],
    onlyReExports: program.body.every(
      (statement) =>
        statement.type === 'ExportAllDeclaration' ||
        (statement.type === 'ExportNamedDeclaration' &&
          !statement.declaration &&
          (statement.source || statement.specifiers.length === 0)),
    ),
  };
}
