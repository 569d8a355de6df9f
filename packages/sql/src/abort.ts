import { ResultError } from '@rb/core';

export const abortedError = (signal: AbortSignal, doing: string): ResultError =>
  new ResultError('RB_ABORTED', `${doing} was aborted`, { cause: signal.reason });

/** Settles as the work does, or rejects as soon as the signal is aborted; the work itself goes on. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, doing: string): Promise<T> {
  if (signal === undefined) return work;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortedError(signal, doing));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
