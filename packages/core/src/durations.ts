import type { TaskRecord } from './contract.js';
import { describe } from './expect.js';
import type { TaskState } from './states.js';

type Unit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w';

/** Milliseconds, text such as `'36h'` or `'1d12h'`, a Temporal.Duration, or a TimeDelta. */
export type Duration =
  | number
  | `${number}${Unit}`
  | (string & {})
  | { total(unit: 'milliseconds'): number }
  | { readonly totalMs: number };

/** How long a record is kept; null = for ever. */
export type Expiry = Duration | null;

/**
 * One expiry for all, one per state (`default` for the states not named), or a function of the record.
 * What the function, or the missing `default`, leaves undefined is decided by the wider setting.
 */
export type ExpiryRule =
  | Expiry
  | { readonly [state in TaskState | 'default']?: Expiry }
  | ((record: TaskRecord) => Expiry | undefined);

const MS: Readonly<Record<Unit, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y;

/** Errors: TypeError where the duration is not positive and finite. */
export function toMs(duration: Duration): number {
  const ms =
    typeof duration === 'number'
      ? duration
      : typeof duration === 'string'
        ? parseText(duration)
        : isDurationObject(duration)
          ? 'totalMs' in duration
            ? duration.totalMs
            : duration.total('milliseconds')
          : Number.NaN;
  if (!(ms > 0 && Number.isFinite(ms))) {
    throw new TypeError(
      `expected a positive duration (milliseconds, '36h', a Temporal.Duration), got ${describe(duration)}`,
    );
  }
  return ms;
}

function parseText(text: string): number {
  let total = 0;
  PART.lastIndex = 0;
  for (let end = 0; end < text.length; end = PART.lastIndex) {
    const match = PART.exec(text);
    if (match === null) return Number.NaN;
    total += Number(match[1]) * MS[match[2] as Unit];
  }
  return total;
}

const isDurationObject = (value: unknown): value is Exclude<Duration, number | string> =>
  typeof value === 'object' &&
  value !== null &&
  (typeof (value as { totalMs?: unknown }).totalMs === 'number' ||
    typeof (value as { total?: unknown }).total === 'function');

/** What the rule says for this record: milliseconds, null for never, undefined where it says nothing. */
export function expiryFor(rule: ExpiryRule | undefined, record: TaskRecord): number | null | undefined {
  if (rule === undefined || rule === null) return rule;
  if (typeof rule === 'function') return expiryFor(rule(record), record);
  if (typeof rule !== 'object' || isDurationObject(rule)) return toMs(rule);
  const own = Object.hasOwn(rule, record.state) ? rule[record.state] : rule.default;
  return own === undefined || own === null ? own : toMs(own);
}

/** Checks a rule's constants when a backend is created, not when the first record is stored. */
export function checkRule(rule: ExpiryRule | undefined): void {
  if (rule === undefined || rule === null || typeof rule === 'function') return;
  const constants = typeof rule === 'object' && !isDurationObject(rule) ? Object.values(rule) : [rule];
  for (const constant of constants) if (constant !== null && constant !== undefined) toMs(constant);
}
