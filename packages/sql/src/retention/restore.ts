import { type CallOptions, type Filterable, isResultError, matchesFilter, type ScanFilter } from '@rb/core';
import type { TaskRow } from '../task-row.js';
import type { Archive } from './apply.js';
import { readLines } from './archive-file.js';
import type { Context } from './context.js';
import { fromLine } from './jsonl.js';
import { isWhole } from './statements.js';

/** What `apply` was given as `archive`. */
export type ArchiveSource = Archive;

export interface RestoreOptions extends CallOptions {
  /** Which records to restore. @default all */
  readonly where?: ScanFilter | undefined;
  /** Called after every batch with what was done so far. */
  readonly onProgress?: ((soFar: RestoreResult) => void) | undefined;
}

export interface RestoreResult {
  readonly restored: number;
  /** What the table holds stays. */
  readonly skipped: number;
  readonly failed: number;
  /** The first hundred of what failed. */
  readonly failures: readonly RestoreFailure[];
}

export interface RestoreFailure {
  /** Of the file, from 1 up; of a table, the place of the record in the order of ids. */
  readonly line: number;
  readonly reason: string;
}

/** Records of one put. */
const BATCH_SIZE = 500;
const MAX_FAILURES = 100;

/** Undefined: an empty line. */
type Entry = TaskRow | Error | undefined;

export async function restoreFrom(
  context: Context,
  source: ArchiveSource,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const { where, onProgress } = options;
  let result: RestoreResult = { restored: 0, skipped: 0, failed: 0, failures: [] };
  let batch: TaskRow[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) result = added(result, await putBack(context, batch));
    batch = [];
    onProgress?.(result);
  };
  let line = 0;
  for await (const entry of entriesOf(context, source)) {
    line += 1;
    if (entry instanceof Error) result = added(result, { failed: 1, failures: [{ line, reason: entry.message }] });
    else if (entry !== undefined && (where === undefined || matchesFilter(filterable(entry, context), where)))
      batch.push(entry);
    if (batch.length === BATCH_SIZE) await flush();
  }
  await flush();
  return result;
}

async function putBack(context: Context, batch: readonly TaskRow[]): Promise<Partial<RestoreResult>> {
  const now = context.now();
  const rows = batch.map((row) => (isPast(row.rb_expires_at, now) ? { ...row, rb_expires_at: null } : row));
  const results = await context.run(context.statements.put(rows, now, true), true, `restoring ${rows.length} records`);
  const restored = results.reduce((sum, { rows }) => sum + rows.length, 0);
  return { restored, skipped: rows.length - restored };
}

const isPast = (expiresAt: number | null, now: number): boolean => expiresAt !== null && expiresAt <= now;

async function* entriesOf(context: Context, { file, table }: ArchiveSource): AsyncGenerator<Entry> {
  if (table !== undefined) {
    yield* archivedRows(context, context.retention.archive(table));
    return;
  }
  for await (const line of readLines(file ?? '')) {
    if (line instanceof Error) yield line;
    else yield line.length === 0 ? undefined : entryOf(context, line);
  }
}

function entryOf({ codec, encode }: Context, line: Uint8Array): Entry {
  try {
    return encode(fromLine(line, codec));
  } catch (error) {
    // Others may quote what is in the line.
    return error instanceof TypeError || isResultError(error) ? error : new Error('it cannot be read');
  }
}

async function* archivedRows(context: Context, archive: string): AsyncGenerator<Entry> {
  for (let after = ''; ; ) {
    const statement = context.retention.archived(archive, after, BATCH_SIZE);
    const [page] = await context.run([statement], false, 'reading the archive');
    const rows = page?.rows ?? [];
    for (const row of rows)
      yield isWhole(row) ? (row as unknown as TaskRow) : new Error('its result is too large to be read');
    if (rows.length < BATCH_SIZE) return;
    after = String(rows.at(-1)?.task_id);
  }
}

function filterable(row: TaskRow, { codec }: Context): Filterable {
  const { name, worker, queue } = row;
  return { state: row.status ?? '', doneAt: codec.doneAt(row), meta: { name, worker, queue } };
}

function added(
  result: RestoreResult,
  { restored = 0, skipped = 0, failed = 0, failures = [] }: Partial<RestoreResult>,
): RestoreResult {
  return {
    restored: result.restored + restored,
    skipped: result.skipped + skipped,
    failed: result.failed + failed,
    failures: [...result.failures, ...failures].slice(0, MAX_FAILURES),
  };
}
