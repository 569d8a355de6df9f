import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';

const README = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const EXAMPLES = [...README.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

/** What the example itself says that it prints: the comments behind `console.log`. */
const promised = (code: string): string[] =>
  [...code.matchAll(/console\.log\(.*\/\/ (.*)/g)].flatMap(([, text = '']) =>
    text.startsWith('{') ? [text] : text.split(', '),
  );

describe('the examples of the README', () => {
  it('are there, and it is short', () => {
    expect(EXAMPLES.length).toBeGreaterThan(1);
    const written = README.replace(/<!-- conformance.*<!-- \/conformance -->/s, '');
    expect(written.split('\n').length).toBeLessThanOrEqual(121);
  });

  it.each(EXAMPLES)('run and print what they say: %#', async (code) => {
    // Here and not in the system's folder, so that they find the built package by its name as a user's file would.
    const folder = await mkdtemp(fileURLToPath(new URL('.readme-', import.meta.url)));
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    vi.stubEnv('RESULT_BACKEND', undefined);
    try {
      await writeFile(`${folder}/example.ts`, code);
      await import(/* @vite-ignore */ `${folder}/example.ts`);
      const printed = log.mock.calls.map((args) =>
        args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg))).join(' '),
      );
      expect(printed).toEqual(promised(code));
    } finally {
      log.mockRestore();
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    }
  });
});
