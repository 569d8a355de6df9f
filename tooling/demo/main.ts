/** `npm run demo`: the main job on embedded SQLite, from rows that real Celery wrote to a short throughput run. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createResultBackend } from '@rb/core';
import { sqliteStore } from '@rb/sql/sqlite';
import { report } from './report.ts';
import { steps } from './steps.ts';

// A reader that has seen enough (`| head`) ends the demo, without a stack.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const folder = mkdtempSync(join(tmpdir(), 'rb-demo-'));
const filename = join(folder, 'results.sqlite');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
copyFileSync(fileURLToPath(new URL('celery-results.sqlite', import.meta.url)), filename);

console.log('@rb demo: a Node process beside Celery, on one SQLite database');
const store = sqliteStore({ filename });
const results = createResultBackend(store, { expiresIn: '1d' });
let failed: number;
try {
  const all = steps({ filename, store, results });
  failed = await report(all);
  console.log(`\n${failed === 0 ? `all ${all.length} steps held` : `${failed} of ${all.length} steps did not hold`}`);
} finally {
  await results.close();
}
process.exitCode = failed === 0 ? 0 : 1;
