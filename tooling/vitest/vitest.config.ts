import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of this runner, and projects of their own, as third parties have them. */
const OTHERS: readonly string[] = ['tooling/vitest', 'tooling/third-party'];

/**
 * For a machine that is busy with everything else: no test is about how long it takes. Said for each project, as those that
 * are no more than a folder take over neither a configuration nor all of a command line.
 */
const PATIENT = { testTimeout: 30_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

const projects = globSync(['packages/*', 'tooling/*'], { cwd: root })
  .filter((folder) => existsSync(join(root, folder, 'package.json')) && !OTHERS.includes(folder))
  .toSorted()
  .map((folder): TestProjectInlineConfiguration => {
    const { name } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { readonly name: string };
    return { test: { ...PATIENT, name, root: join(root, folder) } };
  });

export default defineConfig({
  root,
  test: {
    globalSetup: fileURLToPath(new URL('../servers/src/vitest-setup.ts', import.meta.url)),
    projects: [
      ...projects,
      {
        test: {
          ...PATIENT,
          name: '@rb/conformance:mutation',
          root: join(root, 'packages/conformance'),
          include: ['test/mutation/mutation.ts'],
          // After all others: it keeps every core busy, and their clocks should not notice.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
