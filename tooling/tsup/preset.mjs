import { defineConfig } from 'tsup';

/**
 * The build of every package: ESM JavaScript for Node 22, one file per entry point.
 * Declarations come from tsc: TypeScript 7 has no compiler API for tsup's own `dts`.
 *
 * @param {string[] | Record<string, string>} entry Source files of the entry points in package.json "exports".
 */
export const library = (entry) =>
  defineConfig({ entry, format: ['esm'], target: 'node22', splitting: true, sourcemap: true, clean: true });
