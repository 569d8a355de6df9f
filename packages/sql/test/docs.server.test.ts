import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serverTest } from '@rb/servers/fixture';
import { describe, expect } from 'vitest';
import { databaseAt as mysqlDatabaseAt } from './mysql/database.js';
import { databaseAt as postgresDatabaseAt } from './postgres/database.js';
import { temporaryFile } from './support.js';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** The first example of a document, as a user runs it; what it prints. */
async function printedBy(document: string, url: string): Promise<string> {
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readFileSync(`${PACKAGE}docs/${document}.md`, 'utf8')) ?? [];
  const code = example.replaceAll("'results.jsonl'", JSON.stringify(temporaryFile('results.jsonl')));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    cwd: PACKAGE,
    env: { ...process.env, DATABASE_URL: url },
  });
  return stdout;
}

describe('the examples of the docs run', async () => {
  const postgres = await serverTest('postgres');
  const mysql = await serverTest('mysql');

  postgres('on PostgreSQL', { timeout: 60_000 }, async ({ server }) => {
    await using database = await postgresDatabaseAt(server.url);
    // Another layout is refused where there are tables already.
    await using parted = await postgresDatabaseAt(server.url);
    expect(await printedBy('schema', database.url)).toMatch(/celery_taskmeta" is missing\n.*0\/\d+, 0 %: CREATE /s);
    expect(await printedBy('postgres', database.url)).toBe('{ total: 42 }\n');
    expect(await printedBy('retention', database.url)).toBe('');
    expect(await printedBy('partitions', parted.url)).toBe('');
  });

  mysql('on MySQL', { timeout: 60_000 }, async ({ server }) => {
    await using database = await mysqlDatabaseAt(server.url);
    expect(await printedBy('mysql', database.url)).toBe('{ total: 42 }\n');
  });
});
