import { setTimeout as delay } from 'node:timers/promises';
import { isResultError, type PutOutcome, ResultError, roundsOf, type TaskRecord, throwIfAborted } from '@rb/core';
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import { type Calls, recordsIn } from './calls.js';
import type { Task } from './client.js';
import { live, replaceable } from './deadlines.js';
import { isConflict, isDuplicate, isOfOneRecord, toResultError } from './errors.js';
import type { Layout, Stored } from './layout.js';

export interface PutParts {
  readonly tasks: Collection<Task>;
  readonly calls: Calls;
  readonly layout: Layout;
  readonly server: string;
  readonly now: () => number;
}

interface Write {
  readonly at: number;
  readonly taskId: string;
  readonly stored: Stored;
}

/**
 * How often a document may be found to be there that was not there a moment before, and gone again: each time others stored and
 * deleted the same id. Whoever meets it so often is refused by a unique index of somebody else's.
 */
const ATTEMPTS = 20;

/** Puts records by one bulk write: each replaces what is no SUCCESS, or inserts; where a SUCCESS is, the id is there already. */
export async function putAll(
  { tasks, calls, layout, server, now }: PutParts,
  records: readonly TaskRecord[],
  signal: AbortSignal | undefined,
): Promise<readonly PutOutcome[]> {
  const doing = `storing ${recordsIn(records)}`;
  const outcomes: PutOutcome[] = [];
  const writes: Write[] = [];
  records.forEach((record, at) => {
    try {
      writes.push({ at, taskId: record.taskId, stored: layout.encode(record) });
    } catch (error) {
      if (!isResultError(error)) throw error;
      outcomes[at] = { refused: error };
    }
  });

  /** Of the whole call. Where a part of it was stored, RB_UNAVAILABLE would promise too much. */
  const failure = (cause: unknown): ResultError => {
    const error = toResultError(cause, { doing, server, write: true });
    const isPartlyStored = outcomes.some((outcome) => outcome !== undefined && 'applied' in outcome && outcome.applied);
    if (error.code !== 'RB_UNAVAILABLE' || !isPartlyStored) return error;
    return new ResultError('RB_OUTCOME_UNKNOWN', `${error.message}; other records were stored`, { cause: error.cause });
  };

  /** Errors by place in `sent`: what is not among them was stored. */
  const send = async (sent: readonly Write[]): Promise<ReadonlyMap<number, unknown>> => {
    const [only] = sent;
    const filter = replaceable(now());
    try {
      if (only !== undefined && sent.length === 1)
        await tasks.replaceOne({ _id: only.taskId, ...filter }, only.stored, { upsert: true });
      else
        await tasks.bulkWrite(
          sent.map((write) => operationOf(write, filter)),
          { ordered: false },
        );
      return new Map();
    } catch (error) {
      return errorsOfRecords(error);
    }
  };

  /** Of the ids that are there already: those whose SUCCESS is what keeps them. */
  const finalOnes = async (taskIds: readonly string[]): Promise<ReadonlySet<string>> => {
    const filter = { _id: { $in: taskIds }, status: 'SUCCESS', ...live(now()) };
    const found = await tasks.find(filter, { projection: { _id: 1 } }).toArray();
    return new Set(found.map(({ _id: taskId }) => taskId));
  };

  /** One attempt; returns what is to be sent again. */
  const attempt = async (sent: readonly Write[], isLast: boolean): Promise<readonly Write[]> => {
    const errors = await send(sent);
    sent.forEach(({ at }, i) => {
      if (!errors.has(i)) outcomes[at] = { applied: true };
    });
    if (errors.size === 0) return [];
    const failed = sent.flatMap((write, i) => (errors.has(i) ? [{ write, error: errors.get(i) }] : []));
    const there = failed.filter(({ error }) => isDuplicate(error)).map(({ write }) => write.taskId);
    const final = there.length > 0 ? await finalOnes(there) : new Set();
    const left: Write[] = [];
    for (const { write, error } of failed) {
      const { at, taskId } = write;
      if (final.has(taskId)) outcomes[at] = { applied: false, state: 'SUCCESS' };
      else if ((isDuplicate(error) || isConflict(error)) && !isLast) left.push(write);
      else {
        const refused = toResultError(error, { doing: `storing task ${taskId}`, server, write: true, taskId });
        // What may pass is no fault of the record: all of it is to be put again, so that nothing is lost.
        if (refused.retryable) throw refused;
        outcomes[at] = { refused };
      }
    }
    return left;
  };

  await calls.run({ doing, write: true, signal }, async () => {
    try {
      // In one order, in which every writer locks: a server on PostgreSQL (DocumentDB) knows deadlocks.
      const sorted = writes.toSorted(({ taskId: a }, { taskId: b }) => (a < b ? -1 : Number(a > b)));
      for (const round of roundsOf(sorted, ({ taskId }) => taskId)) {
        let left: readonly Write[] = round;
        for (let tries = 1; left.length > 0; tries += 1) {
          // Who aborted has been told by now: nothing more is begun.
          throwIfAborted(signal, doing);
          left = await attempt(left, tries === ATTEMPTS);
          if (left.length > 0) await delay(Math.random() * tries * 2);
        }
      }
    } catch (error) {
      throw failure(error);
    }
  });
  return outcomes;
}

const operationOf = (
  { taskId, stored }: Write,
  filter: ReturnType<typeof replaceable>,
): AnyBulkWriteOperation<Task> => ({
  replaceOne: { filter: { _id: taskId, ...filter }, replacement: stored, upsert: true },
});

/** Errors: the same, where it is of the whole call. */
function errorsOfRecords(error: unknown): ReadonlyMap<number, unknown> {
  if (isOfOneRecord(error)) return new Map([[0, error]]);
  const { writeErrors, result } = (error ?? {}) as {
    readonly writeErrors?: readonly { readonly index: number }[];
    readonly result?: { getWriteConcernError?(): unknown };
  };
  const isWhole =
    !Array.isArray(writeErrors) || writeErrors.length === 0 || result?.getWriteConcernError?.() !== undefined;
  if (isWhole) throw error;
  return new Map(writeErrors.map((each) => [each.index, each]));
}
