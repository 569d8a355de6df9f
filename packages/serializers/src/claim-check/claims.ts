import {
  abortable,
  type CallOptions,
  type GetOutcome,
  isKind,
  isResultError,
  type Refused,
  ResultError,
  type Serializer,
  type TaskRecord,
} from '@rb/core';
import { bytesOf } from '../wrapped.js';
import type { BlobStore } from './blob-store.js';
import { fits, isPointer, pointerTo } from './pointer.js';

/** A record as the store inside gets it; `key` where its result became a blob. */
export interface Deposited {
  readonly record: TaskRecord;
  readonly key?: string;
}

export interface Claims {
  /** Errors: those of the blob store. */
  deposit(record: TaskRecord, options: CallOptions): Promise<Deposited>;
  /** Never rejects for what concerns the one record. */
  redeem(outcome: GetOutcome, options: CallOptions): Promise<GetOutcome>;
}

/** Blob for result, and result for blob. */
export function createClaims(blobs: BlobStore, serializer: Serializer, minBytes: number): Claims {
  /** undefined: too small, or nothing that this serializer carries; whether the store inside can, it knows. */
  const encode = ({ taskId, expiresAt, result }: TaskRecord): Uint8Array | undefined => {
    // Exceptions stay where Celery reads them.
    if (result === null || isKind(result, 'error')) return undefined;
    try {
      const bytes = bytesOf(serializer.encode(result, { taskId, expiresAt }));
      return bytes.length >= minBytes || isPointer(result) ? bytes : undefined;
    } catch (error) {
      if (isResultError(error) && error.code === 'RB_ENCODE' && !isPointer(result)) return undefined;
      throw error;
    }
  };

  const fetch = async (record: TaskRecord, options: CallOptions): Promise<GetOutcome> => {
    const { taskId, result: pointer, expiresAt } = record;
    if (!isPointer(pointer)) return record;
    const blob = await calling('reading', options.signal, () => blobs.get(pointer['@rb/claim-check'], options));
    if (blob === undefined) throw new ResultError('RB_DECODE', 'its result was kept as a blob, which is gone');
    if (!fits(blob, pointer)) throw new ResultError('RB_DECODE', 'its result was kept as a blob, which was changed');
    const result = serializer.decode(blob, { taskId, expiresAt });
    // What is stored is not the whole of it, so it must not be copied as if it were.
    const { verbatim: _, ...rest } = record;
    return { ...rest, result };
  };

  return {
    async deposit(record, options) {
      const bytes = encode(record);
      if (bytes === undefined) return { record };
      const { expiresAt = null } = record;
      const key = await calling('writing', options.signal, () => blobs.put(bytes, { ...options, expiresAt }));
      const { verbatim: _, ...rest } = record;
      return { record: { ...rest, result: pointerTo(key, bytes) }, key };
    },
    async redeem(outcome, options) {
      if (outcome === undefined || 'refused' in outcome) return outcome;
      try {
        return await fetch(outcome, options);
      } catch (error) {
        if (!isResultError(error) || error.code !== 'RB_DECODE') throw error;
        return refusal(outcome.taskId, error);
      }
    },
  };
}

const refusal = (taskId: string, cause: ResultError): Refused => ({
  taskId,
  refused: new ResultError('RB_DECODE', `task ${taskId}: ${cause.message}`, { taskId, cause }),
});

/** A blob store need not know our errors, nor notice at once that a call was aborted. */
export async function calling<T>(doing: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await abortable(work(), signal, `${doing} a blob`);
  } catch (cause) {
    throw isResultError(cause)
      ? cause
      : new ResultError('RB_STORE', `${doing} a blob failed; see the cause`, { cause });
  }
}
