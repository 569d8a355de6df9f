import type { ResolvedOptions } from './backend-options.js';
import { Coalescer } from './coalesce.js';
import type { GetOutcome, PutOutcome, ResultStore, Route, TaskRecord } from './contract.js';
import { sameValue } from './equal.js';
import { asResultError, isResultError, ResultError } from './errors.js';
import { withRetry } from './retry.js';
import { roughBytes } from './size.js';
import { isFinal } from './states.js';

interface PutItem {
  readonly record: TaskRecord;
  readonly route: Route | undefined;
}

/** An id and what surrounds a record in every layout; payloads are estimated on top. */
const RECORD_BYTES = 200;

/** A store's calls as the backend makes them: coalesced, retried, and failing with nothing but ResultErrors. */
export class StoreCalls {
  readonly #store: ResultStore;
  readonly #retry: ResolvedOptions['retry'];
  readonly #puts: Coalescer<PutItem, PutOutcome>;
  readonly #gets: Coalescer<string, GetOutcome>;
  readonly #deletes: Coalescer<string, undefined>;
  #closed = false;

  constructor(store: ResultStore, options: ResolvedOptions) {
    this.#store = store;
    this.#retry = options.retry;
    const limits = { maxItems: options.maxBatchItems, maxBytes: options.maxBatchBytes };
    this.#puts = new Coalescer({
      doing: 'the put',
      limits,
      sizeOf: ({ record }) => RECORD_BYTES + roughBytes(record.result) + roughBytes(record.meta.args),
      run: (items, signal) => this.#put(items, signal),
      ordered: true,
    });
    const byId = { limits, sizeOf: () => RECORD_BYTES, ordered: false };
    this.#gets = new Coalescer({
      ...byId,
      doing: 'the get',
      run: (taskIds, signal) =>
        this.call(`get of ${count(taskIds, 'record')}`, () => store.get(taskIds, { signal }), signal),
    });
    this.#deletes = new Coalescer({
      ...byId,
      doing: 'the delete',
      run: async (taskIds, signal): Promise<undefined[]> => {
        await this.call(`delete of ${count(taskIds, 'record')}`, () => store.delete(taskIds, { signal }), signal);
        return [];
      },
    });
  }

  /** Errors: what the store refused this record with. */
  async put(
    record: TaskRecord,
    route?: Route,
    signal?: AbortSignal,
  ): Promise<Exclude<PutOutcome, { refused: unknown }>> {
    const outcome = await this.#puts.add({ record, route }, signal);
    if ('refused' in outcome) throw outcome.refused;
    return outcome;
  }

  get(taskId: string, signal?: AbortSignal): Promise<GetOutcome> {
    return this.#gets.add(taskId, signal);
  }

  delete(taskId: string, signal?: AbortSignal): Promise<undefined> {
    return this.#deletes.add(taskId, signal);
  }

  /** Any other call of the store, with the same retries and errors. */
  async call<T>(doing: string, run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#closed) throw new ResultError('RB_CLOSED', `the backend is closed; ${doing} was not sent`);
    const once = async (): Promise<T> => {
      try {
        return await run();
      } catch (cause) {
        throw asResultError(cause, `${this.#store.name}: ${doing}`);
      }
    };
    return withRetry(this.#retry, doing, once, signal);
  }

  close(): void {
    this.#closed = true;
  }

  async #put(items: readonly PutItem[], signal: AbortSignal | undefined): Promise<readonly PutOutcome[]> {
    const records = items.map(({ record }) => record);
    const routes = new Map(items.flatMap(({ record, route }) => (route ? [[record.taskId, route] as const] : [])));
    let unsure = false;
    const outcomes = await this.call(
      `put of ${count(records, 'record')}`,
      () =>
        this.#store.put(records, routes.size > 0 ? { signal, routes } : { signal }).catch((error) => {
          unsure ||= isResultError(error) && error.code === 'RB_OUTCOME_UNKNOWN';
          throw error;
        }),
      signal,
    );
    return unsure ? this.#creditOwn(records, outcomes, signal) : outcomes;
  }

  /** After an unknown outcome the repeated put may find its own SUCCESS there: that one was applied. */
  async #creditOwn(
    records: readonly TaskRecord[],
    outcomes: readonly PutOutcome[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PutOutcome[]> {
    const doubtful = records.filter((record, i) => isFinal(record.state) && isNotApplied(outcomes[i]));
    if (doubtful.length === 0) return outcomes;
    const taskIds = doubtful.map(({ taskId }) => taskId);
    const stored = await this.call(
      're-reading after an unknown outcome',
      () => this.#store.get(taskIds, { signal }),
      signal,
    );
    const own = new Set(doubtful.filter((record, i) => isSame(record, stored[i])));
    return outcomes.map((outcome, i) => (own.has(records[i] as TaskRecord) ? { applied: true } : outcome));
  }
}

const isNotApplied = (outcome: PutOutcome | undefined): boolean =>
  outcome !== undefined && 'applied' in outcome && !outcome.applied;

const isSame = (record: TaskRecord, stored: GetOutcome): boolean =>
  stored !== undefined &&
  'state' in stored &&
  stored.doneAt === record.doneAt &&
  sameValue(stored.result, record.result);

export const count = (items: readonly unknown[], noun: string): string =>
  `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
