import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PutOutcome, TaskRecord } from '@rb/core';
import { onTestFinished } from 'vitest';

export interface Writer {
  readonly process: ChildProcess;
  put(records: readonly TaskRecord[]): Promise<readonly PutOutcome[] | string>;
}

/** A process of its own with a store on the file, ended with the test. */
export async function startWriter(filename: string): Promise<Writer> {
  const { process, ask } = await startProcess('writer.mjs', filename);
  return { process, put: (records) => ask(records) as ReturnType<Writer['put']> };
}

/** A process of its own that deploys the schema of the database when asked to, and tells what it ran. */
export async function startDeployer(url: string): Promise<() => Promise<readonly string[] | string>> {
  const { ask } = await startProcess('deployer.mjs', url);
  return () => ask('deploy') as Promise<readonly string[] | string>;
}

async function startProcess(script: string, argument: string) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), [argument]);
  onTestFinished(() => {
    child.kill();
  });
  await once(child, 'message');
  return {
    process: child,
    async ask(question: object | string): Promise<unknown> {
      const answer = once(child, 'message');
      child.send(question);
      return (await answer)[0];
    },
  };
}
