import type { JobName } from './jobs.js';

/** What the first process gives as its only argument. */
export interface Assignment {
  readonly module: string;
  readonly token: string;
  readonly job: JobName;
  readonly args: unknown;
}

/** What this process says, a line each. */
export type Said = { readonly ready: true } | { readonly result: unknown };

/** The file descriptor that it says it by. */
export const SAID = 3;
