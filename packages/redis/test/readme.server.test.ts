import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startOrThrow } from './servers.js';
import { clientAt } from './stores.js';

it('shows an example that runs, prints what it says and stores where it says', async () => {
  await using server = await startOrThrow('redis');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', example], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...env, NODE_OPTIONS: '', RESULT_BACKEND: server.url },
  });
  expect(output.toString()).toBe('{ total: 42 }\n');
  expect(await clientAt(server.url).get('celery-task-meta-0190f3a2')).toContain('"result":{"total":42}');
});
