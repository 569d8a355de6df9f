import { isResultError, type PutOutcome, ResultError, roundsOf, type TaskRecord, throwIfAborted } from '@rb/core';
import { callAll, type Replies, type Stored } from './commands.js';
import type { Client, Connection } from './connection.js';
import { toResultError } from './errors.js';
import type { Keys } from './keys.js';
import type { Layout } from './layout.js';

export interface PutParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly layout: Layout;
  readonly server: string;
}

interface Write {
  readonly at: number;
  readonly record: TaskRecord;
  readonly value: Stored;
  /** SHA-1 of a current value that was read and may be replaced. */
  readonly judged: string;
}

/**
 * How often a record may find another value there than the one that it was judged by, before the call gives up. Each time
 * one of the others was stored, so that as many writers of one id as this come to an end.
 */
const MAX_JUDGEMENTS = 1_000;

/** Puts records by one script each, all in one pipeline. See scripts.ts on how the state that is there is told. */
export async function putAll(
  { connection, keys, layout, server }: PutParts,
  records: readonly TaskRecord[],
  signal: AbortSignal | undefined,
): Promise<readonly PutOutcome[]> {
  const doing = `putting ${records.length} record${records.length === 1 ? '' : 's'}`;
  const outcomes: PutOutcome[] = [];
  const writes: Write[] = [];
  records.forEach((record, at) => {
    try {
      writes.push({ at, record, value: layout.encode(record), judged: '' });
    } catch (error) {
      if (!isResultError(error)) throw error;
      outcomes[at] = { refused: error };
    }
  });
  const errorOf = (cause: unknown, what: string, taskId?: string): ResultError =>
    toResultError(cause, { doing: what, server, write: true, taskId });

  /** Of the whole call. Where a part of it was stored, RB_UNAVAILABLE would promise too much. */
  const failure = (error: ResultError, isPartlyStored: boolean): ResultError =>
    error.code === 'RB_UNAVAILABLE' && (isPartlyStored || outcomes.some(isApplied))
      ? new ResultError('RB_OUTCOME_UNKNOWN', `${error.message}; other records were stored`, { cause: error.cause })
      : error;

  /** What may pass, or hits every record, is no fault of any: the whole call is to be put again, so that nothing of it is lost. */
  function throwWhatIsNoRecords(replies: Replies): void {
    const errors = replies.flatMap((reply) => ('error' in reply ? [errorOf(reply.error, doing)] : []));
    const isCommon = errors.length === replies.length && errors[0]?.code !== 'RB_STORE';
    const error =
      errors.find(({ code }) => code === 'RB_OUTCOME_UNKNOWN') ??
      errors.find(({ retryable }) => retryable) ??
      (isCommon ? errors[0] : undefined);
    if (error) throw failure(error, errors.length < replies.length);
  }

  /** One round of scripts; returns what must be judged and sent again. */
  async function round(client: Client, sent: readonly Write[]): Promise<readonly Write[]> {
    const calls = sent.map(({ record, value, judged }) => ({
      name: 'rbPut' as const,
      args: [keys.task(record.taskId), value, deadline(record.expiresAt), judged],
    }));
    const replies = await callAll(client, calls, layout.binary);
    throwWhatIsNoRecords(replies);
    return sent.flatMap((write, i) => {
      const { taskId } = write.record;
      const reply = replies[i] as Replies[number];
      if ('error' in reply) {
        outcomes[write.at] = { refused: errorOf(reply.error, `storing task ${taskId}`, taskId) };
      } else if (!Array.isArray(reply.value)) {
        outcomes[write.at] = Number(reply.value) === 1 ? { applied: true } : { applied: false, state: 'SUCCESS' };
      } else {
        // Hashed there: what is no text would not be the same here.
        const [current = '', hash] = reply.value as Stored[];
        if (!layout.isFinal(taskId, current)) return [{ ...write, judged: String(hash) }];
        outcomes[write.at] = { applied: false, state: 'SUCCESS' };
      }
      return [];
    });
  }

  await connection.run({ doing, write: true, signal }, async (client) => {
    for (const unique of roundsOf(writes, ({ record }) => record.taskId)) {
      let left: readonly Write[] = unique;
      for (let rounds = 0; left.length > 0; rounds += 1) {
        if (rounds === MAX_JUDGEMENTS) {
          const taskId = left[0]?.record.taskId;
          const message = `${doing} failed on ${server}: others keep rewriting task ${taskId}`;
          throw failure(new ResultError('RB_UNAVAILABLE', message), false);
        }
        // Who aborted has been told by now: nothing more is begun.
        throwIfAborted(signal, doing);
        left = await round(client, left);
      }
    }
  });
  return outcomes;
}

const isApplied = (outcome: PutOutcome | undefined): boolean =>
  outcome !== undefined && 'applied' in outcome && outcome.applied;

/** Redis takes whole milliseconds from 1 on. */
export const deadline = (expiresAt: number | null | undefined): string =>
  expiresAt === null || expiresAt === undefined ? '' : String(Math.max(Math.ceil(expiresAt), 1));
