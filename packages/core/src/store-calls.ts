import { throwIfAborted } from './abort.js';
import type { ResolvedOptions } from './backend-options.js';
import { Coalescer } from './coalesce.js';
import type { GetOutcome, PutOutcome, ReadOptions, ResultStore, Route, TaskRecord } from './contract.js';
import { sameValue } from './equal.js';
import { asResultError, isResultError, ResultError } from './errors.js';
import { type RetriedCall, withRetry } from './retry.js';
import { roughBytes } from './size.js';
import { isFinal } from './states.js';

interface PutItem {
  readonly record: TaskRecord;
  readonly route: Route | undefined;
}

type Accepted = Exclude<PutOutcome, { refused: unknown }>;

/** An id and what surrounds a record in every layout; payloads are estimated on top. */
const RECORD_BYTES = 200;

/** A store's calls as the backend makes them: coalesced, retried, and failing with nothing but ResultErrors. */
export class StoreCalls {
  readonly #store: ResultStore;
  readonly #retry: ResolvedOptions['retry'];
  readonly #puts: Coalescer<PutItem, PutOutcome, Accepted>;
  readonly #gets: Coalescer<string, GetOutcome>;
  /** Of those who can do without deadlines. */
  readonly #bareGets: Coalescer<string, GetOutcome>;
  readonly #deletes: Coalescer<string, undefined>;
  #closed = false;

  constructor(store: ResultStore, options: ResolvedOptions) {
    this.#store = store;
    this.#retry = options.retry;
    const limits = { maxItems: options.maxBatchItems, maxBytes: options.maxBatchBytes };
    this.#puts = new Coalescer({
      doing: 'the put',
      limits,
      sizeOf: ({ record }) => RECORD_BYTES + payloadBytes(record),
      run: (items, signal) => this.#put(items, signal),
      settle: (outcome, call) => ('refused' in outcome ? call.reject(outcome.refused) : call.resolve(outcome)),
      ordered: true,
    });
    const byId = { limits, sizeOf: () => RECORD_BYTES, ordered: false };
    const getting = (deadlines: boolean): Coalescer<string, GetOutcome> =>
      new Coalescer({
        ...byId,
        doing: 'the get',
        run: (taskIds, signal) =>
          this.call({
            doing: `get of ${count(taskIds, 'record')}`,
            run: async () => aligned(await store.get(taskIds, { signal, deadlines }), taskIds, store.name),
            signal,
          }),
        settle: (outcome, call) => call.resolve(outcome),
      });
    this.#gets = getting(true);
    this.#bareGets = getting(false);
    this.#deletes = new Coalescer({
      ...byId,
      doing: 'the delete',
      run: async (taskIds, signal): Promise<undefined[]> => {
        const doing = `delete of ${count(taskIds, 'record')}`;
        await this.call({ doing, run: () => store.delete(taskIds, { signal }), signal });
        return [];
      },
      settle: (_outcome, call) => call.resolve(undefined),
    });
  }

  /** Errors: what the store refused this record with. */
  put(record: TaskRecord, route?: Route, signal?: AbortSignal): Promise<Accepted> {
    return this.#puts.add({ record, route }, signal);
  }

  get(taskId: string, { signal, deadlines = true }: ReadOptions): Promise<GetOutcome> {
    return (deadlines ? this.#gets : this.#bareGets).add(taskId, signal);
  }

  delete(taskId: string, signal?: AbortSignal): Promise<undefined> {
    return this.#deletes.add(taskId, signal);
  }

  /** Any other call of the store, with the same retries and errors. Nothing is sent where the signal is aborted already. */
  async call<T>({ run, ...call }: RetriedCall<T>): Promise<T> {
    const once = async (): Promise<T> => {
      this.begin(call.doing, call.signal);
      try {
        return await run();
      } catch (cause) {
        throw asResultError(cause, `${this.#store.name}: ${call.doing}`);
      }
    };
    return withRetry(this.#retry, { ...call, run: once });
  }

  /** Errors: RB_CLOSED, RB_ABORTED: before anything is done. */
  begin(doing: string, signal: AbortSignal | undefined): void {
    if (this.#closed) throw new ResultError('RB_CLOSED', `the backend is closed; ${doing} was not sent`);
    throwIfAborted(signal, doing);
  }

  close(): void {
    this.#closed = true;
  }

  async #put(items: readonly PutItem[], signal: AbortSignal | undefined): Promise<readonly PutOutcome[]> {
    const records = items.map(({ record }) => record);
    const routes = routesOf(items);
    const options = routes ? { signal, routes } : { signal };
    let unsure = false;
    const run = async (): Promise<readonly PutOutcome[]> => {
      try {
        return aligned(await this.#store.put(records, options), records, this.#store.name);
      } catch (error) {
        unsure ||= isResultError(error) && error.code === 'RB_OUTCOME_UNKNOWN';
        throw error;
      }
    };
    const outcomes = await this.call({ doing: `put of ${count(records, 'record')}`, run, signal });
    return unsure ? this.#creditOwn(records, outcomes, signal) : outcomes;
  }

  /** After an unknown outcome the repeated put may find its own SUCCESS there: that one was applied. */
  async #creditOwn(
    records: readonly TaskRecord[],
    outcomes: readonly PutOutcome[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PutOutcome[]> {
    const doubtful = records.filter((record, i) => isFinal(record.state) && isNotApplied(outcomes[i]));
    const taskIds = doubtful.map(({ taskId }) => taskId);
    const settled = new Map<TaskRecord, PutOutcome>();
    try {
      const stored = await Promise.all(taskIds.map((taskId) => this.#bareGets.add(taskId, signal)));
      doubtful.forEach((record, i) => {
        if (isSame(record, stored[i])) settled.set(record, { applied: true });
      });
    } catch (cause) {
      for (const record of doubtful) settled.set(record, { refused: stillUnknown(record.taskId, cause) });
    }
    return outcomes.map((outcome, i) => settled.get(records[i] as TaskRecord) ?? outcome);
  }
}

function routesOf(items: readonly PutItem[]): ReadonlyMap<string, Route> | undefined {
  let routes: Map<string, Route> | undefined;
  for (const { record, route } of items) {
    if (route) routes = (routes ?? new Map<string, Route>()).set(record.taskId, route);
  }
  return routes;
}

/** The value, its traceback, and metadata, which may hold the task's arguments. */
function payloadBytes({ taskId, result, traceback, meta }: TaskRecord): number {
  try {
    return roughBytes(result) + roughBytes(traceback) + roughBytes(meta);
  } catch (cause) {
    throw new ResultError('RB_ENCODE', `the value of task ${taskId} cannot be read`, { taskId, cause });
  }
}

/** A store that drops its misses would give callers each other's answers. */
function aligned<T>(outcomes: readonly T[], asked: readonly unknown[], name: string): readonly T[] {
  if (outcomes.length === asked.length) return outcomes;
  const got = count(outcomes, 'outcome');
  throw new ResultError('RB_CONTRACT', `${name} answered ${got} to ${count(asked, 'record')}: it breaks the contract`);
}

const isNotApplied = (outcome: PutOutcome | undefined): boolean =>
  outcome !== undefined && 'applied' in outcome && !outcome.applied;

/** Layouts round `doneAt`, Celery's MySQL tables to whole seconds; a record without it is told by its value alone. */
const isSame = (record: TaskRecord, stored: GetOutcome): boolean =>
  stored !== undefined &&
  'state' in stored &&
  isFinal(stored.state) &&
  Math.abs((stored.doneAt ?? record.doneAt ?? 0) - (record.doneAt ?? 0)) < 1_000 &&
  sameValue(stored.result, record.result);

const stillUnknown = (taskId: string, cause: unknown): ResultError =>
  new ResultError('RB_OUTCOME_UNKNOWN', `whether task ${taskId} was stored by this call is not known; see the cause`, {
    taskId,
    cause,
  });

export const count = (items: readonly unknown[], noun: string): string =>
  `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
