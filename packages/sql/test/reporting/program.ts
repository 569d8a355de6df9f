import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { onTestFinished, vi } from 'vitest';

const DOCUMENT: string = await readFile(new URL('../../docs/reporting.md', import.meta.url), 'utf8');
const PROGRAM: string = [...DOCUMENT.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code).join('\n');

/** What the document says that its program prints: the comments that begin a line. */
export const PROMISED: readonly string[] = [...PROGRAM.matchAll(/^\/\/ (.*)$/gm)].map(([, line = '']) => line);

/** Runs it with another store, and returns what it prints. */
export async function printedWith(entry: 'sqlite' | 'postgres' | 'mysql', options: object): Promise<string[]> {
  // Here and not in the system's folder, so that it finds the built package by its name as a user's file would.
  const folder = await mkdtemp(fileURLToPath(new URL('.program-', import.meta.url)));
  onTestFinished(() => rm(folder, { recursive: true }));
  const code = PROGRAM.replace('@rb/sql/sqlite', `@rb/sql/${entry}`)
    .replaceAll('sqliteStore', `${entry}Store`)
    .replace("{ filename: 'results.db' }", JSON.stringify(options));
  await writeFile(`${folder}/program.mjs`, code);
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await import(/* @vite-ignore */ `${folder}/program.mjs`);
    return log.mock.calls.map((args) => args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg))).join(' '));
  } finally {
    log.mockRestore();
  }
}
