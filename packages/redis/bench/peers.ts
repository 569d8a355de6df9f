/** Other clients of Celery's results, which are no dependencies of this repository. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOracle } from '@rb/interop/oracle';

/** The parts of celery-node that work without a worker. */
export interface CeleryNode {
  readonly backend: {
    storeResult(taskId: string, result: unknown, state: string): Promise<unknown>;
    getTaskMeta(taskId: string): Promise<unknown>;
  };
  asyncResult(taskId: string): { get(timeoutMs: number, intervalMs: number): Promise<unknown> };
  disconnect(): Promise<unknown>;
}

/** celery-node 0.5.9, installed by npm into a temporary folder. */
export function celeryNode(url: string): CeleryNode {
  const folder = mkdtempSync(join(tmpdir(), 'rb-celery-node-'));
  try {
    execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, 'celery-node@0.5.9']);
    return createRequire(join(folder, 'package.json'))('celery-node').createClient(url, url);
  } finally {
    // What was loaded stays so.
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Operations per second of Python's Celery 5.6.3, one after the other and all at once, as it knows it. */
export async function pythonCelery(
  url: string,
  count: number,
): Promise<{ readonly store: number; readonly get: number }> {
  // Sets Celery up where it is not there yet.
  await using _oracle = await startOracle('5.6.3');
  const [python] = globSync(fileURLToPath(new URL('../../../.tooling/celery-5.6.3-*/bin/python', import.meta.url)));
  if (python === undefined) throw new Error('there is no Celery 5.6.3 to compare with');
  return JSON.parse(execFileSync(python, ['-c', PYTHON, url, String(count)], { encoding: 'utf8' }));
}

/** The best of ten rounds, as Python warms up too. `get_many` is one MGET, which is Celery's fastest reading; without its pause of 0.5 s. */
const PYTHON = `
import json, sys, time, uuid
from celery import Celery
url, count = sys.argv[1], int(sys.argv[2])
backend = Celery('bench', broker='memory://', backend=url).backend
value = {'total': 42, 'items': ['a', 'b', 'c'], 'note': 'an ordinary result', 'done': True, 'ratio': 0.25}
best = {'store': 0, 'get': 0}
for _ in range(10):
    ids = [str(uuid.uuid4()) for _ in range(count)]
    begin = time.perf_counter()
    for id in ids:
        backend.store_result(id, value, 'SUCCESS')
    stored = time.perf_counter()
    assert len(list(backend.get_many(ids, interval=0))) == count
    done = time.perf_counter()
    best['store'] = max(best['store'], count / (stored - begin))
    best['get'] = max(best['get'], count / (done - stored))
print(json.dumps(best))
`;
