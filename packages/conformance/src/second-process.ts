import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { built } from './built.js';
import { NotChecked, Violation } from './evidence.js';
import type { Harness, World } from './harness.js';
import type { JobArgs, JobName, JobResult } from './jobs.js';
import { type Assignment, SAID, type Said } from './second-process-messages.js';

/** Another process that has joined the world and prepared its job. */
export interface SecondProcess<N extends JobName> {
  /** Starts the job, in step with the caller; what it gives. */
  run(): Promise<JobResult<N>>;
  /** Resolves when the process has ended by itself. Errors: Violation where it does not within the time, or ends badly. */
  ended(withinMs: number): Promise<void>;
  kill(): Promise<void>;
}

/** How much of what the process wrote to stderr a failure shows: the error is at the end. */
const MAX_SHOWN = 600;

export async function startSecondProcess<N extends JobName>(
  { module }: Harness,
  { token }: World,
  job: N,
  args: JobArgs<N>,
): Promise<SecondProcess<N>> {
  if (module === undefined || token === undefined) {
    throw new NotChecked('no-power', 'the harness has no module, or the world no token: no second process can join');
  }
  const assignment: Assignment = { module: String(module), token, job, args };
  const entry = built('second-process-entry.js');
  // What it says comes by a pipe of its own: a harness may print what it likes.
  const child = spawn(execPath, [fileURLToPath(entry), JSON.stringify(assignment)], {
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  });
  const { stdin, stderr } = child as { readonly stdin: Writable; readonly stderr: Readable };
  let complaints = '';
  stderr.on('data', (text) => {
    complaints = `${complaints}${text}`.slice(-MAX_SHOWN);
  });
  // It may have ended before it is told to start.
  stdin.on('error', () => {});
  const exited = once(child, 'exit');
  const closed = once(child, 'close');
  const said = createInterface(child.stdio[SAID] as Readable)[Symbol.asyncIterator]();

  async function hear(): Promise<Said> {
    const { done, value } = await said.next();
    if (!done) return JSON.parse(value);
    await closed;
    throw new Violation(
      `the second process ended with code ${child.exitCode} before its job '${job}' did: ${complaints}`,
    );
  }

  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await hear();
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    async run() {
      stdin.end('go\n');
      const answer = await hear();
      return ('result' in answer ? answer.result : undefined) as JobResult<N>;
    },
    async ended(withinMs) {
      const limit = new AbortController();
      const isOver = await Promise.race([exited, sleep(withinMs, false, { signal: limit.signal })]);
      limit.abort();
      if (!isOver)
        throw new Violation(`a process that had closed its store did not end by itself within ${withinMs} ms`);
      if (child.exitCode !== 0)
        throw new Violation(`the second process ended with code ${child.exitCode}: ${complaints}`);
    },
    kill,
  };
}
