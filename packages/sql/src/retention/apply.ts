import { setTimeout as delay } from 'node:timers/promises';
import { type CallOptions, throwIfAborted } from '@rb/core';
import { numberOf } from '../dialect.js';
import type { SqlRow, SqlValue } from '../executor.js';
import type { TaskRow } from '../task-row.js';
import { type ArchiveFile, openArchive } from './archive-file.js';
import type { Context } from './context.js';
import { toLine } from './jsonl.js';
import { type ByTier, byTier, walksOf } from './plan.js';
import type { Rules } from './policy.js';
import { dueStatement, isWhole, type Position, UNDATED, type Walk } from './statements.js';

export interface ApplyOptions extends CallOptions {
  /**
   * Where records go before they are removed: a file of JSON lines, compressed where it ends in `.gz`, or a table of the
   * same database, made where it is missing. @default none
   */
  readonly archive?: Archive | undefined;
  /** Records per transaction, at most. @default 1000 */
  readonly batchSize?: number | undefined;
  /** Between batches. @default as long as the batch took */
  readonly pauseMs?: number | undefined;
  /** Records removed by this call, at most. @default all that are due */
  readonly limit?: number | undefined;
  /** Called after every batch with what was done so far. */
  readonly onProgress?: ((soFar: RetentionResult) => void) | undefined;
}

/** Exactly one of them. */
export interface Archive {
  readonly file?: string | undefined;
  readonly table?: string | undefined;
}

export interface RetentionResult {
  readonly removed: ByTier<number>;
  /** Records that went into the archive: in a file also such as were written again before they could be removed. */
  readonly archived: number;
  readonly groups: number;
  /** See `RetentionPlan`. */
  readonly undated: number;
  /** False where `limit` has ended it. */
  readonly complete: boolean;
}

const BATCH_SIZE = 1_000;

/** What one call has done so far. */
interface Progress {
  readonly removed: Map<number, number>;
  total: number;
  archived: number;
  groups: number;
  undated: number;
}

interface Job {
  readonly context: Context;
  readonly rules: Rules;
  readonly options: ApplyOptions;
  readonly progress: Progress;
  readonly file: ArchiveFile | undefined;
  /** Quoted. */
  readonly table: string | undefined;
}

export async function applyRules(context: Context, rules: Rules, options: ApplyOptions): Promise<RetentionResult> {
  const { file: path, table: name } = options.archive ?? {};
  const table = name === undefined ? undefined : context.retention.archive(name);
  if (table !== undefined) await context.run([context.retention.createArchive(table)], true, 'making the archive');
  const file = path === undefined ? undefined : await openArchive(path);
  const progress: Progress = { removed: new Map(), total: 0, archived: 0, groups: 0, undated: 0 };
  const job = { context, rules, options, progress, file, table };
  try {
    for (const walk of walksOf(context, rules)) await walkThrough(job, walk);
    await removeGroups(job);
    return resultOf(job);
  } finally {
    await file?.close();
  }
}

async function walkThrough(job: Job, walk: Walk): Promise<void> {
  const { context, rules, options, file } = job;
  // One moment for the whole walk: it ends, however fast records become due.
  const asked = { walk, rules, now: context.now(), dates: context.dates };
  for (let after: Position | undefined; ; ) {
    const limit = roomOf(job);
    if (limit === 0) return;
    const startedAt = performance.now();
    const statement = dueStatement(context.retention, asked, { after, limit, whole: file !== undefined });
    const [page] = await context.run([statement], false, 'looking for what is due');
    const rows = page?.rows ?? [];
    if (rows.length === 0) return;
    await removeRows(job, rows);
    if (rows.length < limit) return;
    after = { key: rows.at(-1)?.position as SqlValue, id: numberOf(rows.at(-1), 'id') };
    await pause(options, startedAt);
  }
}

/** How many rows the next batch may take. */
const roomOf = ({ options: { batchSize = BATCH_SIZE, limit = Number.POSITIVE_INFINITY }, progress }: Job): number =>
  Math.min(batchSize, limit - progress.total);

async function removeRows(job: Job, rows: readonly SqlRow[]): Promise<void> {
  const { context, options, progress, file, table } = job;
  const undated = rows.filter((row) => row.tier === UNDATED).map(seen);
  // What is in no archive stays.
  const removable = rows.filter((row) => row.tier !== UNDATED && (file === undefined || isWhole(row)));
  const due = new Map(removable.map((row) => [numberOf(row, 'id'), row]));
  if (file !== undefined && due.size > 0) {
    await file.write([...due.values()].map((row) => toLine(row as unknown as TaskRow, context.codec)));
    progress.archived += due.size;
  }
  const now = context.now();
  if (undated.length > 0) {
    const [stamped] = await context.run([context.retention.stamp(undated, now)], true, 'dating records');
    progress.undated += stamped?.changes ?? 0;
  }
  if (due.size > 0) {
    const statements = context.retention.remove([...due.values()].map(seen), table, now);
    const results = await context.run(statements, true, `removing ${due.size} records`);
    const removed = results.flatMap(({ rows }) => rows).map((row) => numberOf(due.get(numberOf(row, 'id')), 'tier'));
    for (const tier of removed) progress.removed.set(tier, (progress.removed.get(tier) ?? 0) + 1);
    progress.total += removed.length;
    if (table !== undefined) progress.archived += removed.length;
  }
  options.onProgress?.(resultOf(job));
}

const seen = (row: SqlRow) => ({ id: numberOf(row, 'id'), version: String(row.version) });

/** Expired ones, then those that are too old. */
async function removeGroups(job: Job): Promise<void> {
  const { context, rules, options, progress } = job;
  const { batchSize = BATCH_SIZE } = options;
  const now = context.now();
  const removals = [
    ...(context.retention.extended ? [context.statements.sweepGroups(batchSize, now)] : []),
    ...(rules.groupsMs === null
      ? []
      : [context.retention.removeGroups(batchSize, context.dates.text(now - rules.groupsMs))]),
  ];
  for (const removal of removals) {
    for (;;) {
      const startedAt = performance.now();
      const [result] = await context.run([removal], true, 'removing groups');
      if (!result?.changes) break;
      progress.groups += result.changes;
      options.onProgress?.(resultOf(job));
      await pause(options, startedAt);
    }
  }
}

/** Others have the database for at least half of the time. */
async function pause({ pauseMs, signal }: ApplyOptions, startedAt: number): Promise<void> {
  const ms = pauseMs ?? performance.now() - startedAt;
  await delay(ms, undefined, { signal }).catch(() => undefined);
  throwIfAborted(signal, 'the retention');
}

function resultOf(job: Job): RetentionResult {
  const { rules, progress } = job;
  return {
    removed: byTier(rules, (tier) => progress.removed.get(tier) ?? 0),
    archived: progress.archived,
    groups: progress.groups,
    undated: progress.undated,
    complete: roomOf(job) > 0,
  };
}
