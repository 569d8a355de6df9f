import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { databaseAt } from './stores.js';

const test = await serverTest('mongo');

test('shows an example that runs, prints what it says and stores where it says', async ({ server }) => {
  const { url, tasks } = databaseAt(server.url);
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', example], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...env, NODE_OPTIONS: '', RESULT_BACKEND: url },
  });
  expect(output.toString()).toBe('{ total: 42 }\n');
  expect(await tasks.findOne()).toMatchObject({ _id: '0190f3a2', status: 'SUCCESS', result: '{"total":42}' });
});
