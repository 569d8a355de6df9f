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
  const child = fork(fileURLToPath(new URL('writer.mjs', import.meta.url)), [filename]);
  onTestFinished(() => {
    child.kill();
  });
  await once(child, 'message');
  return {
    process: child,
    async put(records) {
      const answer = once(child, 'message');
      child.send(records);
      return (await answer)[0];
    },
  };
}
