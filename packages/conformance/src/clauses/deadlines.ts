import type { ResultStore } from '@rb/core';
import type { ClauseContext } from '../context.js';

/** Longer than any clause takes, on whatever clock: what must survive until its end has it. */
export const FAR_MS = 3_600_000;

/** Lets the time of a deadline go by, and what the store may be late by. */
export async function passDeadline(t: ClauseContext, ttlMs: number, ...ids: readonly string[]): Promise<void> {
  await t.pass(ttlMs + resolutionMs(t) + (t.facts.clock === 'real' ? t.slackMs : 0), ...ids);
}

/** Which of the ids `get` finds through the reader. */
export async function foundOf(t: ClauseContext, taskIds: readonly string[]): Promise<readonly string[]> {
  const outcomes = await t.get(t.reader, taskIds);
  return taskIds.filter((_, i) => outcomes[i] !== undefined);
}

export const resolutionMs = ({ reader }: ClauseContext): number => reader.bare.expiry?.resolutionMs ?? 0;

/** Of stores that the gate `sweep` let through. */
export async function sweep({ expiry, name }: ResultStore, limit: number): Promise<number> {
  if (expiry?.sweep === undefined) throw new TypeError(`expected the store ${name} to have expiry.sweep`);
  return expiry.sweep(limit);
}
