import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { inspect, isDeepStrictEqual } from 'node:util';
import { isTaskFailedError, type ResultBackend, type ResultStore, type TaskRecord } from '@rb/core';
import Database from 'better-sqlite3';
import { coloured, dim, hold, type Step } from './report.ts';
import { throughput } from './throughput.ts';

export interface Demo {
  readonly filename: string;
  readonly store: ResultStore;
  readonly results: ResultBackend;
}

export function steps(demo: Demo): readonly Step[] {
  let failedId = '';
  let groupId = '';
  return [
    {
      title: 'Read what Celery stored',
      proves: 'rows of real Celery 5.2 and 5.6 read as typed records, their pickles as data only',
      async run(say) {
        const records = await listed(demo.store);
        for (const { taskId, state, meta, result } of records) {
          const name = String(meta.name ?? '-');
          say(`${dim(taskId.slice(0, 8))}  ${coloured(state, state.padEnd(9))} ${name.padEnd(15)} ${shown(result)}`);
        }
        failedId = records.find(({ state, traceback }) => state === 'FAILURE' && traceback !== null)?.taskId ?? '';
        hold(records.length >= 10, `expected at least 10 rows, got ${records.length}`);
        hold(
          records.some(({ result }) => typeof result === 'bigint'),
          'expected an integer beyond 2^53',
        );
      },
    },
    {
      title: 'Await a task that another process finishes',
      proves: 'progress and the result arrive from another process without polling rows',
      async run(say) {
        const taskId = 'demo-task';
        const worker = spawn(
          process.execPath,
          [fileURLToPath(new URL('worker.ts', import.meta.url)), demo.filename, taskId],
          { stdio: ['ignore', 'inherit', 'inherit'] },
        );
        const exited = once(worker, 'exit');
        // Whatever ends first takes the other along.
        process.once('exit', () => worker.kill());
        const failed = new AbortController();
        worker.once('exit', (code) => {
          if (code !== 0) failed.abort(new Error(`the worker ended with exit code ${code}; its own message is above`));
        });
        const options = { timeoutMs: 30_000, signal: failed.signal };
        const states: string[] = [];
        for await (const { state, result } of demo.results.watch(taskId, options)) {
          states.push(state);
          say(`${coloured(state, state.padEnd(9))} ${state === 'PENDING' ? '' : shown(result)}`);
        }
        const value = await demo.results.result<{ rows: number; by: number }>(taskId);
        await exited;
        hold(value.by === worker.pid, `expected the result of process ${worker.pid}, got ${value.by}`);
        hold(states.includes('PROGRESS'), `expected progress on the way, got ${states.join(', ')}`);
      },
    },
    {
      title: 'A task that failed in Python',
      proves: 'result() rejects with the exception as data and the remote traceback',
      async run(say) {
        const error = await demo.results.result(failedId, { timeoutMs: 1_000 }).catch((reason: unknown) => reason);
        if (!isTaskFailedError(error)) throw new Error(`expected a TaskFailedError, got ${error}`);
        say(`${error.remote?.module}.${error.remote?.type}: ${error.remote?.message}`);
        for (const line of (error.traceback ?? '').trimEnd().split('\n')) say(dim(line));
        hold(error.traceback?.startsWith('Traceback') === true, 'expected the remote traceback');
      },
    },
    {
      title: 'Join a group that Celery saved',
      proves: 'a pickled GroupResult loads as members, and joins in member order whatever finishes first',
      async run(say) {
        groupId = savedGroup(demo.filename);
        const group = demo.results.group(groupId);
        const members = (await group.load()) ?? [];
        say(`group ${groupId} has ${members.length} members`);
        const joined = group.join({ timeoutMs: 10_000 });
        for (const [i, { id }] of [...members.entries()].reverse()) await demo.results.succeed(id, `part ${i}`);
        const values = await joined;
        say(shown(values));
        hold(
          isDeepStrictEqual(
            values,
            members.map((_, i) => `part ${i}`),
          ),
          `expected member order, got ${values}`,
        );
      },
    },
    {
      title: 'Store what Celery reads',
      proves: "the row is in Celery's own columns: a pickle, its date in UTC; SUCCESS stays final",
      async run(say) {
        await demo.results.succeed('demo-node', { from: 'node' });
        const late = await demo.results.store('demo-node', 'STARTED');
        const row = celeryRow(demo.filename, 'demo-node');
        say(`status ${row.status}, date_done ${row.date_done}, result ${row.result.toString('hex').slice(0, 32)}...`);
        hold(!late.applied && row.status === 'SUCCESS', 'expected SUCCESS to be final');
        hold(row.result[0] === 0x80, 'expected a pickle');
      },
    },
    {
      title: 'Let a result expire',
      proves: 'an expired record is gone at its deadline, and cleanup removes the row',
      async run(say) {
        await demo.results.succeed('demo-brief', 'soon gone', { expiresIn: '200ms' });
        const before = await demo.results.get('demo-brief');
        while ((await demo.results.get('demo-brief')).known) await new Promise((resolve) => setTimeout(resolve, 20));
        const after = Date.now() - (before.expiresAt ?? 0);
        const removed = await demo.results.cleanup();
        say(`read as unknown ${after} ms after its deadline; cleanup removed ${removed} row`);
        hold(before.known && after >= 0 && removed === 1, 'expected one row to expire at its deadline and be removed');
      },
    },
    {
      title: 'A short throughput run',
      proves: 'concurrent calls become batches: one statement, one transaction',
      run: (say) => throughput(demo.results, say),
    },
  ];
}

async function listed(store: ResultStore): Promise<readonly TaskRecord[]> {
  const records: TaskRecord[] = [];
  for await (const page of store.scan?.pages() ?? []) {
    for (const outcome of page.records) {
      if ('refused' in outcome) throw outcome.refused;
      records.push(outcome);
    }
  }
  return records;
}

/** A value on one line, with its type where it is not JavaScript's own. */
function shown(value: unknown): string {
  const text = inspect(value, { compact: true, breakLength: Number.POSITIVE_INFINITY, depth: 4 });
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}

function query<Row>(filename: string, sql: string, ...parameters: string[]): Row {
  const database = new Database(filename, { readonly: true });
  try {
    return database.prepare(sql).get(...parameters) as Row;
  } finally {
    database.close();
  }
}

const savedGroup = (filename: string): string =>
  query<{ id: string }>(filename, 'SELECT taskset_id AS id FROM celery_tasksetmeta').id;

const celeryRow = (filename: string, taskId: string): { status: string; date_done: string; result: Buffer } =>
  query(filename, 'SELECT status, date_done, result FROM celery_taskmeta WHERE task_id = ?', taskId);
