import { abortable } from './abort.js';
import type { ReadOptions, Refused, ResultStore, ScanFilter, ScanOptions, ScanPage, TaskRecord } from './contract.js';
import { ResultError } from './errors.js';
import { describe, expectObject } from './expect.js';
import type { StoreCalls } from './store-calls.js';

export interface BackendScanOptions extends ReadOptions {
  /** Records per question to the store, at most. @default 500 */
  readonly pageSize?: number | undefined;
  /** Gets the error of each record that cannot be read, and the scan goes on. Absent: the scan ends with the first. */
  readonly onRefused?: ((error: ResultError) => void) | undefined;
}

/** Errors: TypeError. */
export function checkScan(filter: ScanFilter, { pageSize = 1, onRefused }: BackendScanOptions): void {
  expectObject(filter, 'filter');
  const { states, since, until } = filter;
  if (states !== undefined && !Array.isArray(states))
    throw new TypeError(`expected an array as states, got ${describe(states)}`);
  for (const [name, value] of Object.entries({ since, until }))
    if (value !== undefined && (typeof value !== 'number' || Number.isNaN(value)))
      throw new TypeError(`expected Unix milliseconds as ${name}, got ${describe(value)}`);
  if (!(Number.isInteger(pageSize) && pageSize > 0))
    throw new TypeError(`expected pageSize as an integer from 1 up, got ${describe(pageSize)}`);
  if (onRefused !== undefined && typeof onRefused !== 'function')
    throw new TypeError(`expected a function as onRefused, got ${describe(onRefused)}`);
}

/** One record after another; a page that fails for a passing reason is asked for again. */
export async function* scanRecords(
  store: ResultStore,
  calls: StoreCalls,
  filter: ScanFilter,
  { pageSize, onRefused, deadlines, signal }: BackendScanOptions,
): AsyncGenerator<TaskRecord, void, undefined> {
  const pages = new Pages(store, { filter, pageSize, deadlines, signal });
  try {
    for (;;) {
      const page = await calls.call({
        doing: 'the scan',
        run: () => abortable(pages.next(), signal, 'the scan'),
        signal,
      });
      if (page === undefined) return;
      for (const outcome of page.records) {
        if (!isRefused(outcome)) yield outcome;
        else if (onRefused === undefined) throw outcome.refused;
        else onRefused(outcome.refused);
      }
    }
  } finally {
    pages.end();
  }
}

const isRefused = (outcome: TaskRecord | Refused): outcome is Refused => 'refused' in outcome;

/** Pages of a store, which go on behind the last one after a failure. */
class Pages {
  readonly #open: (after: string | undefined) => AsyncIterator<ScanPage>;
  #pages: AsyncIterator<ScanPage> | undefined;
  #after: string | undefined;

  constructor({ scan, name }: ResultStore, options: ScanOptions) {
    if (scan === undefined) throw new ResultError('RB_UNSUPPORTED', `${name} cannot list its records`);
    this.#open = (after) => scan.pages({ ...options, after })[Symbol.asyncIterator]();
  }

  async next(): Promise<ScanPage | undefined> {
    this.#pages ??= this.#open(this.#after);
    try {
      const { done, value } = await this.#pages.next();
      if (done) return undefined;
      this.#after = value.cursor;
      return value;
    } catch (error) {
      this.#pages = undefined;
      throw error;
    }
  }

  /** Whoever leaves early leaves nothing open. Not awaited: a page that a silent server still owes would hold up the caller. */
  end(): void {
    this.#pages?.return?.().catch(() => undefined);
  }
}
