import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const cwd = fileURLToPath(new URL('..', import.meta.url));

/** `await using` is newer than the oldest Node: as tsup lowers it, and so does this. */
const runnable = (code: string): string => code.replaceAll('await using', 'const');

it.each(['README.md', 'docs/pickle.md'])('%s: the examples run and print what they say', (file) => {
  const text = readFileSync(`${cwd}/${file}`, 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(150);
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
  expect(examples.length).toBeGreaterThan(0);
  for (const code of examples) {
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', runnable(code)], { cwd }).toString();
    expect(printed).toBe([...code.matchAll(/console\.log\(.*\/\/ (.*\n)/g)].map(([, line]) => line).join(''));
  }
});
