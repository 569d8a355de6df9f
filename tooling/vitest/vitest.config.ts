import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    globalSetup: fileURLToPath(new URL('../servers/src/vitest-setup.ts', import.meta.url)),
    projects: [
      'packages/*',
      'tooling/*',
      '!tooling/vitest',
      '!tooling/third-party',
      {
        test: {
          name: '@rb/conformance:mutation',
          root: fileURLToPath(new URL('../../packages/conformance', import.meta.url)),
          include: ['test/mutation/mutation.ts'],
          // After all others: it keeps every core busy, and their clocks should not notice.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
