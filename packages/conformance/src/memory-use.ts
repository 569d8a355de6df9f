import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects garbage, whatever flags the process was started with. */
export async function collectGarbage(): Promise<void> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // What a WeakRef has given lives until the end of the turn; the bytes of buffers are counted off a while after these.
  for (let i = 0; i < 2; i += 1) {
    await sleep(1);
    collect();
  }
}

/** Bytes that are in use once garbage is collected. */
export async function usedBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
