import { env } from 'node:process';
import { openKeeper } from './keeper.ts';
import { KEEPER } from './shared.ts';

/** Vitest's globalSetup: keeps the servers of the run. Nothing is started before a test asks. */
export async function setup(): Promise<() => Promise<void>> {
  const keeper = await openKeeper();
  env[KEEPER] = keeper.address;
  return () => keeper.close();
}
