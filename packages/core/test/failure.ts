import { isResultError, type ResultError } from '../src/index.js';

/** The ResultError that the work throws; what else it throws fails the test. */
export function failure(work: () => unknown): ResultError {
  try {
    work();
  } catch (error) {
    if (isResultError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
