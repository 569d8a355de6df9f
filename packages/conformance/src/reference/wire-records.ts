import {
  decodeRecord,
  encodeRecord,
  type GetOutcome,
  isResultError,
  json,
  ResultError,
  type ResultTuple,
  type TaskMeta,
  type TaskRecord,
} from '@rb/core';

/** A record on its way: Celery's document as text, and what the server looks at. */
export interface Entry {
  readonly taskId: string;
  readonly state: string;
  readonly doneAt: number | null;
  readonly expiresAt: number | null;
  readonly data: string;
  readonly meta: Pick<TaskMeta, 'name' | 'worker' | 'queue'>;
}

/** What a read gives: a stored form, a refusal, or nothing. */
export type Answer =
  | { readonly taskId: string; readonly expiresAt: number | null; readonly data: string }
  | { readonly taskId: string; readonly error: PlainError }
  | null;

export interface PlainError {
  readonly code: ResultError['code'];
  readonly message: string;
  readonly taskId?: string | undefined;
}

export interface PlainGroup {
  readonly groupId: string;
  readonly members: readonly ResultTuple[];
  readonly parent: ResultTuple | null;
  readonly expiresAt: number | null;
}

/** How the memory store names what it keeps. */
export const LAYOUT = 'memory/json';

export const errorOf = ({ code, message, taskId }: PlainError): ResultError =>
  new ResultError(code, message, { taskId });

/** Encoded when `put` is called, so that the caller may change the record afterwards. */
export function entryOf(record: TaskRecord): Entry | { readonly refused: ResultError } {
  const { taskId, state, doneAt, expiresAt, verbatim } = record;
  try {
    const data = verbatim?.layout === LAYOUT ? String(verbatim.data) : String(encodeRecord(record, json));
    const { name = null, worker = null, queue = null } = record.meta;
    return { taskId, state, doneAt, expiresAt, data, meta: { name, worker, queue } };
  } catch (error) {
    if (isResultError(error)) return { refused: error };
    throw error;
  }
}

export function outcomeOf(answer: Answer, verbatim = false): GetOutcome {
  if (answer === null) return undefined;
  const { taskId } = answer;
  if ('error' in answer) return { taskId, refused: errorOf(answer.error) };
  try {
    const record = decodeRecord(taskId, answer.data, json, answer.expiresAt);
    return verbatim ? { ...record, verbatim: { layout: LAYOUT, data: answer.data } } : record;
  } catch (error) {
    if (isResultError(error)) return { taskId, refused: error };
    throw error;
  }
}

export function answerOf(outcome: GetOutcome): Answer {
  if (outcome === undefined) return null;
  const { taskId } = outcome;
  if ('refused' in outcome) return { taskId, error: plain(outcome.refused) };
  const { verbatim, expiresAt } = outcome;
  return { taskId, expiresAt, data: String(verbatim?.data ?? encodeRecord(outcome, json)) };
}

export const plain = (error: unknown): PlainError => {
  if (!isResultError(error)) return { code: 'RB_STORE', message: String(error) };
  const { code, message, taskId } = error;
  return { code, message, taskId };
};
