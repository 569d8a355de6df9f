import { type Accept, accepting, type CallOptions, json, type Serializer } from '@rb/core';
import { type LayoutName, ofCelery } from '../layout.js';
import { type ApplyOptions, applyRules, type RetentionResult } from './apply.js';
import { checkApply, checkRestore } from './checks.js';
import { type SqlRetentionOptions, withContext } from './context.js';
import { planRules, type RetentionPlan } from './plan.js';
import { type RetentionPolicy, rulesOf } from './policy.js';
import { type ArchiveSource, type RestoreOptions, type RestoreResult, restoreFrom } from './restore.js';

/** How long records are kept. Each call opens the database, and closes what it has opened. Errors: TypeError for a wrong policy or option. */
export interface Retention {
  /** What `apply` would remove now. Changes nothing, and may read the whole table. */
  plan(policy: RetentionPolicy, options?: CallOptions): Promise<RetentionPlan>;
  /**
   * Removes what is due, in small batches with pauses. Cut off anywhere it may be run again: what was removed stays so,
   * and is in the archive.
   *
   * Atomic: per batch. A record that is written meanwhile is never removed. Aborted: the batch under way may still land.
   */
  apply(policy: RetentionPolicy, options?: ApplyOptions): Promise<RetentionResult>;
  /**
   * Puts back what an archive holds and the table does not. A record that is stored stays, unless it has expired, or
   * failed before the archived one was done. A deadline that has passed is left out.
   */
  restore(source: ArchiveSource, options?: RestoreOptions): Promise<RestoreResult>;
}

/** What the options of the store of any database have. */
interface StoreOptions {
  readonly serializer?: Serializer | undefined;
  readonly accept?: Accept | undefined;
  readonly timeZone?: string | undefined;
  readonly layout?: LayoutName | undefined;
  readonly createTables?: boolean | undefined;
  readonly maxBytes?: number | undefined;
  readonly now?: (() => number) | undefined;
}

/** What differs between databases. */
type Database = Pick<SqlRetentionOptions, 'dialect' | 'retention' | 'openExecutor' | 'maxBytes'>;

export function sqlRetention(store: StoreOptions, database: Database): Retention {
  const options: SqlRetentionOptions = {
    ...database,
    serializer: accepting(store.serializer ?? json, store.accept),
    timeZone: store.timeZone,
    layout: ofCelery(store.layout ?? 'extended'),
    deploy: store.createTables ?? true,
    maxBytes: store.maxBytes ?? database.maxBytes,
    now: store.now ?? Date.now,
  };
  return {
    async plan(policy, calling = {}) {
      const rules = rulesOf(policy);
      return withContext(options, calling, (context) => planRules(context, rules));
    },
    async apply(policy, applying = {}) {
      const rules = rulesOf(policy);
      checkApply(applying);
      return withContext(options, applying, (context) => applyRules(context, rules, applying));
    },
    async restore(source, restoring = {}) {
      checkRestore(source, restoring);
      return withContext(options, restoring, (context) => restoreFrom(context, source, restoring));
    },
  };
}
