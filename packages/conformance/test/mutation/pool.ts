import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import type { Finding } from './subject.js';

/** For who waits at the runner's side: one subject must never hold up the rest. */
const SUBJECT_LIMIT_MS = 120_000;

/** Clauses mostly wait, so a core has time for more than one. */
const PER_CORE = 4;

/** Judges every subject in a process of its own. */
export async function findAll(names: readonly string[]): Promise<ReadonlyMap<string, Finding>> {
  const cache = mkdtempSync(join(tmpdir(), 'rb-mutation-'));
  try {
    const waiting = [...names];
    const findings = new Map<string, Finding>();
    const work = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        findings.set(name, await find(name, cache));
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() * PER_CORE }, work));
    return findings;
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function find(name: string, cache: string): Promise<Finding> {
  const { NODE_OPTIONS: _ofVitest, ...plain } = env;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = fork(new URL('worker.ts', import.meta.url), [name], {
      env: { ...plain, NODE_COMPILE_CACHE: cache },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      timeout: SUBJECT_LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    let finding: Finding | undefined;
    child.once('message', (message) => {
      finding = message as Finding;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const how = `${name} ended with ${signal ?? code}, without a finding:\n${output}`;
      resolve(finding ?? { name, failed: [], passed: [], crashed: how, ms: performance.now() - started, slowest: [] });
    });
  });
}
