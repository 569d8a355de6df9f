import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

it("shows, in the repository's README, an example that runs and prints what it says", () => {
  const [, example = ''] = /```ts\n(.*?)```/s.exec(README) ?? [];
  const promised = [...example.matchAll(/console\.log\(.*\/\/ (.*)/g)].map(([, text]) => text);
  // Beside this file, so that the packages are found by name, as a user's file would find them.
  const folder = mkdtempSync(fileURLToPath(new URL('.readme-', import.meta.url)));
  try {
    writeFileSync(join(folder, 'example.ts'), example);
    const printed = execFileSync(process.execPath, ['example.ts'], { cwd: folder, encoding: 'utf8' });
    expect(printed.trimEnd().split('\n')).toEqual(promised);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
