import { numberOf } from '../dialect.js';
import type { SqlRow } from '../executor.js';
import type { Dates } from '../zones.js';
import type { Context } from './context.js';
import { concernsOpen, type Rules, shortestMs } from './policy.js';
import { countStatement, UNDATED, type Walk } from './statements.js';

/** One value for each way in which a record may be due. */
export interface ByTier<T> {
  /** Past its own deadline. */
  readonly expired: T;
  /** In the policy's order. */
  readonly tiers: readonly T[];
  readonly default: T;
  readonly stale: T;
}

export interface Due {
  readonly records: number;
  /** Unix milliseconds of what the duration is counted from, or of the deadline; null where there is no record. */
  readonly oldest: number | null;
  readonly newest: number | null;
}

export interface RetentionPlan {
  readonly due: ByTier<Due>;
  /** Neither ready nor with a date of their last write: `apply` notes its own time as that, and removes none of them. */
  readonly undated: number;
}

const NONE: Due = { records: 0, oldest: null, newest: null };

export async function planRules(context: Context, rules: Rules): Promise<RetentionPlan> {
  const counted = new Map<number, Due>();
  for (const walk of walksOf(context, rules)) {
    const statement = countStatement(context.retention, { walk, rules, now: context.now(), dates: context.dates });
    const [result] = await context.run([statement], false, 'counting what is due');
    for (const row of result?.rows ?? [])
      counted.set(numberOf(row, 'tier'), merged(counted.get(numberOf(row, 'tier')), row, context.dates));
  }
  return {
    due: byTier(rules, (tier) => counted.get(tier) ?? NONE),
    undated: counted.get(UNDATED)?.records ?? 0,
  };
}

/** Those that may find anything. */
export function walksOf({ retention: { extended } }: Context, rules: Rules): readonly Walk[] {
  return [
    ...(extended ? (['expired'] as const) : []),
    ...(Number.isFinite(shortestMs(rules)) ? (['done'] as const) : []),
    ...(extended && concernsOpen(rules) ? (['open'] as const) : []),
  ];
}

/** @param of What stands for a tier's number; that of the expired ones is behind all others. */
export const byTier = <T>(rules: Rules, of: (tier: number) => T): ByTier<T> => {
  const count = rules.all.length;
  return {
    expired: of(count),
    tiers: rules.all.slice(0, -2).map((_, tier) => of(tier)),
    default: of(count - 2),
    stale: of(count - 1),
  };
};

/** A tier may find records in two walks. */
function merged(due: Due | undefined, row: SqlRow, dates: Dates): Due {
  const times = [due?.oldest, due?.newest, msOf(row.oldest, dates), msOf(row.newest, dates)].filter(
    (ms) => typeof ms === 'number',
  );
  return {
    records: (due?.records ?? 0) + numberOf(row, 'n'),
    oldest: times.length > 0 ? Math.min(...times) : null,
    newest: times.length > 0 ? Math.max(...times) : null,
  };
}

function msOf(value: unknown, dates: Dates): number | null {
  if (value === null || value === undefined) return null;
  const ms = Number(value);
  return Number.isNaN(ms) ? dates.ms(String(value)) : ms;
}
