import {
  type CallOptions,
  type ExpiryCapability,
  isResultError,
  json,
  type Refused,
  ResultError,
  type ResultStore,
  type Serializer,
  type TaskRecord,
  throwIfAborted,
} from '@rb/core';
import type { BlobStore } from './blob-store.js';
import { calling, createClaims, type Deposited } from './claims.js';
import { isPointer } from './pointer.js';
import { watchRedeemed } from './watch.js';

export interface ClaimCheckOptions {
  /** Of the blobs; `encrypted(compressed(json))` is one too. Choose what carries what the store's own does. @default json */
  readonly serializer?: Serializer | undefined;
  /** Results that take less are stored as ever. @default 262_144 (256 KiB) */
  readonly minBytes?: number | undefined;
}

/**
 * A store that keeps large results as blobs elsewhere, with the record's deadline, and a pointer in the record. It is around a store,
 * not around a serializer, because serializers answer at once and S3 does not. Readers need it as well: first
 * deploy it with `minBytes: Infinity`. Celery sees the pointer, a plain dict.
 *
 * Kept elsewhere are results alone: neither exceptions nor `args` and `kwargs`; of Celery's chords, the header's
 * parts stay whole, as Celery reads them.
 * Atomic: the blob is written before the record, and removed where that is not applied. The blob of a record that was
 *         replaced or expired, or whose write had an unknown outcome, goes with its deadline: `cleanup()` sweeps.
 * Errors: RB_DECODE for a record whose blob is gone or was changed; otherwise those of the store and of the blob store.
 */
export function claimCheck(store: ResultStore, blobs: BlobStore, options: ClaimCheckOptions = {}): ResultStore {
  const { serializer = json, minBytes = 262_144 } = options;
  if (!(minBytes >= 0)) throw new TypeError(`expected minBytes as a number from 0 up, got ${minBytes}`);
  const { deposit, redeem } = createClaims(blobs, serializer, minBytes);
  const { notify, expiry, scan } = store;
  let closed = false;

  /** Before any blob is written or read: afterwards the store inside says the same. */
  const begin = (doing: string, { signal }: CallOptions = {}): void => {
    if (closed) throw new ResultError('RB_CLOSED', `the store is closed; ${doing} was not done`);
    throwIfAborted(signal, doing);
  };
  const discard = async (deposits: readonly (Deposited | undefined)[]): Promise<void> => {
    const keys = deposits.flatMap((each) => each?.key ?? []);
    // Whatever comes of it, the call's own outcome is told; the deadline removes what is left.
    if (keys.length > 0) await blobs.delete(keys).catch(() => {});
  };

  return {
    ...store,
    name: `claim-check(${store.name})`,
    traits: { ...store.traits, maxBytes: Number.POSITIVE_INFINITY },
    async put(records, callOptions = {}) {
      begin('storing', callOptions);
      const { signal } = callOptions;
      const settled = await Promise.allSettled(records.map((record) => deposit(record, { signal })));
      const deposits = settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
      const failed = settled.find((each) => each.status === 'rejected');
      if (failed) {
        await discard(deposits);
        throw failed.reason;
      }
      const whole = deposits as readonly Deposited[];
      try {
        const outcomes = await store.put(
          whole.map(({ record }) => record),
          callOptions,
        );
        await discard(whole.filter((_, i) => !isApplied(outcomes[i])));
        return outcomes;
      } catch (error) {
        if (isResultError(error) && !MAY_HAVE_LANDED.has(error.code)) await discard(whole);
        throw error;
      }
    },
    async get(taskIds, callOptions = {}) {
      const outcomes = await store.get(taskIds, callOptions);
      const { signal } = callOptions;
      return Promise.all(outcomes.map((outcome) => redeem(outcome, { signal })));
    },
    async delete(taskIds, callOptions) {
      const outcomes = await store.get(taskIds, { ...callOptions, deadlines: false });
      const count = await store.delete(taskIds, callOptions);
      const keys = outcomes.flatMap((outcome) =>
        outcome && 'result' in outcome && isPointer(outcome.result) ? outcome.result['@rb/claim-check'] : [],
      );
      if (keys.length > 0) await blobs.delete(keys).catch(() => {});
      return count;
    },
    async close() {
      closed = true;
      await store.close();
    },
    notify: notify && watchRedeemed(notify, (outcome) => redeem(outcome, {})),
    expiry: expiry && sweeping(expiry, blobs),
    scan: scan && {
      async *pages(scanOptions = {}) {
        const { signal } = scanOptions;
        for await (const page of scan.pages(scanOptions)) {
          const records = await Promise.all(page.records.map((record) => redeem(record, { signal })));
          yield { ...page, records: records.filter((record): record is TaskRecord | Refused => record !== undefined) };
        }
      },
    },
  };
}

/** After these, a blob may be pointed to. */
const MAY_HAVE_LANDED: ReadonlySet<string> = new Set(['RB_OUTCOME_UNKNOWN', 'RB_ABORTED']);

const isApplied = (outcome: object | undefined): boolean =>
  outcome !== undefined && 'applied' in outcome && outcome.applied === true;

/** Blobs are swept along with records; only where the server expires those by itself, they are what is counted. */
function sweeping(expiry: ExpiryCapability, blobs: BlobStore): ExpiryCapability {
  if (blobs.sweep === undefined) return expiry;
  return {
    ...expiry,
    async sweep(limit, options) {
      const removed = await expiry.sweep?.(limit, options);
      const swept = await calling('sweeping', options?.signal, async () => blobs.sweep?.(limit, options) ?? 0);
      return removed ?? swept;
    },
  };
}
