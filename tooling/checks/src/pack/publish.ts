import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { run } from './run.ts';

/** What publint and are-the-types-wrong have to say about an installed package and its tarball. */
export async function publishProblems(folder: string, tarball: string): Promise<readonly string[]> {
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // ESM only: require() of it works on every Node that "engines" allows, which are-the-types-wrong does not know.
  const types = run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], dirname(tarball));
  return [
    ...messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`),
    ...(types.ok ? [] : [`are-the-types-wrong:\n${types.output}`]),
  ];
}
