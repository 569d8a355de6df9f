/** The store beside Python's Celery 5.6.3 on the same server, RB_BENCH_SERVER: one result after the other, which is all that Celery can. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bench } from '@rb/bench';
import { createResultBackend } from '@rb/core';
import { startOracle } from '@rb/interop/oracle';
import { VALUE } from './records.ts';
import { benchServer } from './server.ts';

/** Of one round of Celery's. */
const COUNT = 300;

/** The median of seven rounds. As a worker has it: in any other process Celery connects anew for every result. */
const PYTHON = `
import json, statistics, sys, time, uuid
from celery import Celery
url, count = sys.argv[1], int(sys.argv[2])
backend = Celery('bench', broker='memory://', backend=url).backend
value = {'total': 42, 'items': ['a', 'b', 'c'], 'note': 'an ordinary result'}
speeds = {}
for name, forked in (('client', False), ('worker', True)):
    backend.session_manager.forked = forked
    rounds = []
    for _ in range(7):
        ids = [str(uuid.uuid4()) for _ in range(count)]
        begin = time.perf_counter()
        for id in ids:
            backend.store_result(id, value, 'SUCCESS')
        stored = time.perf_counter()
        for id in ids:
            backend._get_task_meta_for(id)
        rounds.append((count / (stored - begin), count / (time.perf_counter() - stored)))
    speeds[name] = [statistics.median(each) for each in zip(*rounds)]
print(json.dumps(speeds))
`;

const server = await benchServer();
const { service } = server;
const backend = createResultBackend(server.open());
const known = randomUUID();
await backend.store(known, 'SUCCESS', VALUE);

const { comparisons } = await bench(`${service}-celery`, {
  tasks: [
    { name: 'backend store, one after the other', run: () => backend.store(randomUUID(), 'SUCCESS', VALUE) },
    { name: 'backend get, one after the other', run: () => backend.get(known) },
  ],
});
const [stores = 0, gets = 0] = comparisons.map(({ opsPerSecond }) => opsPerSecond);

// Sets Celery up where it is not there yet.
await (await startOracle('5.6.3'))[Symbol.asyncDispose]();
const [python] = globSync(fileURLToPath(new URL('../../../.tooling/celery-5.6.3-*/bin/python', import.meta.url)));
if (python === undefined) throw new Error('there is no Celery 5.6.3 to compare with');
const [scheme = ''] = server.url.split(':');
const url = `db+${server.url.replace(scheme, `${scheme}+${service === 'postgres' ? 'psycopg2' : 'pymysql'}`)}`;
const speeds = JSON.parse(execFileSync(python, ['-c', PYTHON, url, String(COUNT)], { encoding: 'utf8' }));
for (const [where, [stored, read]] of Object.entries<[number, number]>(speeds))
  process.stdout.write(
    `Celery 5.6.3 in a ${where}: ${Math.round(stored)} stores/s, we ${(stores / stored).toFixed(1)} times as many; ` +
      `${Math.round(read)} reads/s, we ${(gets / read).toFixed(1)} times as many\n`,
  );

await backend.close();
await server[Symbol.asyncDispose]();
