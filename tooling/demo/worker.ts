/** Another process: works on one task, reporting progress, into the database that the demo waits on. */
import { setTimeout as pause } from 'node:timers/promises';
import { createResultBackend } from '@rb/core';
import { sqliteStore } from '@rb/sql/sqlite';

const [filename = '', taskId = ''] = process.argv.slice(2);
const results = createResultBackend(sqliteStore({ filename }));

await results.start(taskId, { pid: process.pid, hostname: 'demo-worker' });
for (const done of [1, 2, 3]) {
  await pause(150);
  await results.progress(taskId, { done, of: 3 });
}
await pause(150);
await results.succeed(taskId, { rows: 42, by: process.pid });
await results.close();
