import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAUSES } from '../src/index.js';
import { type Ended, runNode } from './child.js';

const README = await readFile(new URL('../README.md', import.meta.url), 'utf8');
/** Each says in its first line which file it is. */
const EXAMPLES = [...README.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, file = '', code = '']) => ({
  file,
  code,
}));

// Here and not in the system's folder, so that the examples find the built package by its name as a user's files would.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(fileURLToPath(new URL('.readme-', import.meta.url)));
  const files = [
    { file: 'src/acme-store.ts', code: "export { acmeStore, dropSpace } from '../../readme/acme.ts';" },
    { file: 'test/admin.ts', code: "export { admin, url } from '../../readme/acme.ts';" },
    ...EXAMPLES,
  ];
  for (const { file, code } of files) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), code);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const hooks = new URL('readme/sources.mjs', import.meta.url).href;
const run = (...args: readonly string[]): Promise<Ended> => runNode(args, { NODE_OPTIONS: `--import=${hooks}` });

describe('the examples of the README', { timeout: 120_000 }, () => {
  it('are there, and it is short', () => {
    expect(EXAMPLES.map(({ file }) => file)).toEqual([
      'test/conformance.test.ts',
      'test/harness.ts',
      'test/saboteur.ts',
    ]);
    expect(README.split('\n').length).toBeLessThanOrEqual(151);
  });

  it('the fifteen lines run the whole kit', async () => {
    const { code, output } = await run('--test', '--test-reporter=spec', join(folder, 'test/conformance.test.ts'));
    expect(code, output).toBe(0);
    expect(output.match(/^ +[✔﹣] (MUST|SHOULD) /gmu)).toHaveLength(CLAUSES.length);
  });

  it('the harness with all its powers conforms', async () => {
    const harness = join(folder, 'test/harness.ts');
    const { code, output } = await run(
      'dist/rb-conformance.js',
      harness,
      '--only',
      'HAR,STO,STA,EXP,REC-1',
      '--seed',
      '7',
    );
    expect(code, output).toBe(0);
    expect(output).toMatch(/pass +HAR-3 .*pass +HAR-4 .*pass +REC-1 /s);
    expect(output).toMatch(/acme 1\.2\.0 on Acme 3\.1, Node/);
  });

  it('a saboteur of one own spoils it', async () => {
    const { code, output } = await run(join(folder, 'test/saboteur.ts'));
    expect(code, output).toBe(0);
    expect(output).toBe('STO-2 fail\nSTA-1 fail\n');
  });
});
