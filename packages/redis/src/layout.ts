import {
  decodeRecord,
  encodeRecord,
  isResultError,
  type Refused,
  ResultError,
  type Serializer,
  type TaskRecord,
} from '@rb/core';
import { asBuffer, type Stored } from './commands.js';

/** How records become values of keys, and back. */
export interface Layout {
  /** Names keys and serializer: equal names mean interchangeable values. */
  readonly name: string;
  /** Whether replies are to be bytes. */
  readonly binary: boolean;
  /** Errors: RB_ENCODE, RB_TOO_LARGE, naming the task. */
  encode(record: TaskRecord): Stored;
  decode(taskId: string, stored: Stored, expiresAt: number | null, verbatim?: boolean): TaskRecord | Refused;
  /** Whether a stored value says SUCCESS. What cannot be read does not. */
  isFinal(taskId: string, stored: Stored): boolean;
}

export function layoutOf(serializer: Serializer, maxBytes: number): Layout {
  const name = `redis/${serializer.name}`;
  return {
    name,
    binary: serializer.contentEncoding === 'binary',
    encode(record) {
      const { taskId, verbatim } = record;
      const stored = verbatim?.layout === name ? (verbatim.data as Stored) : encodeRecord(record, serializer);
      if (isLonger(stored, maxBytes)) {
        throw new ResultError('RB_TOO_LARGE', `task ${taskId} takes more than ${maxBytes} bytes`, { taskId });
      }
      return typeof stored === 'string' ? stored : asBuffer(stored);
    },
    decode(taskId, stored, expiresAt, verbatim = false) {
      try {
        const record = decodeRecord(taskId, stored, serializer, expiresAt);
        return verbatim ? { ...record, verbatim: { layout: name, data: stored } } : record;
      } catch (error) {
        if (isResultError(error)) return { taskId, refused: error };
        throw error;
      }
    },
    isFinal(taskId, stored) {
      try {
        return decodeRecord(taskId, stored, serializer, null).state === 'SUCCESS';
      } catch {
        return false;
      }
    },
  };
}

/** UTF-8 takes at most three bytes per unit, so that most values are never counted. */
const isLonger = (stored: string | Uint8Array, maxBytes: number): boolean =>
  stored.length * 3 > maxBytes && (typeof stored === 'string' ? Buffer.byteLength(stored) : stored.length) > maxBytes;
