import { inspect, isDeepStrictEqual } from 'node:util';
import { isResultError, type ResultError, type ResultErrorCode } from '@rb/core';

/** A clause does not hold. Its message is what was observed, for a reader who does not know the kit. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** A clause cannot be judged here; not a failure, and never silent. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked';
  readonly status: 'no-power' | 'not-verifiable';

  constructor(status: 'no-power' | 'not-verifiable', reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Long enough for any record of a clause, short enough for a terminal. */
const MAX_SHOWN = 300;

/** A value on one line, cut where it is long. */
export function show(value: unknown): string {
  const text = isResultError(value) ? `${value.code} "${value.message}"` : inspect(value, SHOWN);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}

const SHOWN = {
  breakLength: Number.POSITIVE_INFINITY,
  compact: true,
  depth: 6,
  maxArrayLength: 12,
  maxStringLength: 120,
} as const;

/** Judgements, each of which says what was observed when it fails. */
export interface Evidence {
  /** Deep equality; value classes by their fields. */
  same(observed: unknown, expected: unknown, what: string): void;
  that(holds: boolean, observed: string): asserts holds;
  fail(observed: string): never;
  /** The call rejects with a ResultError of one of these codes, which is returned. */
  rejects(
    call: Promise<unknown>,
    codes: ResultErrorCode | readonly ResultErrorCode[],
    what: string,
  ): Promise<ResultError>;
}

export const evidence: Evidence = {
  same(observed, expected, what) {
    if (isDeepStrictEqual(observed, expected)) return;
    throw new Violation(`${what}: expected ${show(expected)}, got ${show(observed)}${difference(observed, expected)}`);
  },
  that(holds, observed) {
    if (!holds) throw new Violation(observed);
  },
  fail(observed) {
    throw new Violation(observed);
  },
  async rejects(call, codes, what) {
    const wanted = typeof codes === 'string' ? [codes] : codes;
    const expected = `expected a rejection with ${wanted.join(' or ')}`;
    const outcome = await call.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if ('value' in outcome) throw new Violation(`${what}: ${expected}, but it resolved to ${show(outcome.value)}`);
    const { error } = outcome;
    if (isResultError(error) && wanted.includes(error.code)) return error;
    throw new Violation(`${what}: ${expected}, got ${isResultError(error) ? show(error) : `a foreign ${show(error)}`}`);
  },
};

/** Where two long values part, for who cannot see it in what is shown of them. */
function difference(observed: unknown, expected: unknown): string {
  if (typeof observed === 'string' && typeof expected === 'string') {
    if (Math.max(observed.length, expected.length) < MAX_SHOWN / 3) return '';
    const at = [...expected].findIndex((_, i) => observed[i] !== expected[i]);
    return ` (they part at character ${at < 0 ? expected.length : at})`;
  }
  if (!isPlain(observed) || !isPlain(expected)) return '';
  const keys = [...new Set([...Object.keys(observed), ...Object.keys(expected)])];
  const apart = keys.filter(
    (key) => !isDeepStrictEqual(observed[key], expected[key]) || !(key in observed && key in expected),
  );
  return apart.length === 0 ? ' (equal but for their classes)' : ` (they differ in ${apart.slice(0, 5).join(', ')})`;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
