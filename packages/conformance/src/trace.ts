import {
  type GetOutcome,
  isResultError,
  type PutOutcome,
  type ResultErrorCode,
  type ResultStore,
  type StoreCall,
  tracedStore,
} from '@rb/core';
import { disclosed } from './disclosure.js';
import { show } from './evidence.js';

/** Something that no call of any clause may do; the clause that says so counts all of them. */
export interface Finding {
  readonly clause: 'ERR-1' | 'ERR-6';
  readonly observed: string;
}

export interface Tracer {
  /** The same store, every call of it written down and looked at. */
  trace(name: string, store: ResultStore, secret?: string): ResultStore;
  /** Adds a line of the clause's own: a cut, a passing of time. */
  note(text: string): void;
  /** Oldest first, the last `MAX_LINES`. */
  readonly lines: readonly string[];
}

/** A failure is explained by the calls right before it. */
const MAX_LINES = 40;

/** The result of records whose clause gives none: no error may show it. */
export const CONFIDENTIAL = 'rb-confidential-payload';

/** The closed set of the contract; the compiler sees that none is missing. */
const CODES: Readonly<Record<ResultErrorCode, true>> = {
  RB_CLOSED: true,
  RB_ABORTED: true,
  RB_TIMEOUT: true,
  RB_UNAVAILABLE: true,
  RB_OUTCOME_UNKNOWN: true,
  RB_ENCODE: true,
  RB_DECODE: true,
  RB_TOO_LARGE: true,
  RB_UNSUPPORTED: true,
  RB_NOT_FOUND: true,
  RB_DENIED: true,
  RB_SCHEMA: true,
  RB_CONTRACT: true,
  RB_STORE: true,
};

/** @param findings Where to add what is found: one list for a whole run. */
export function createTracer(findings: Finding[]): Tracer {
  const started = performance.now();
  const lines: string[] = [];
  const aliases = new Map<string, string>();

  const note = (text: string): void => {
    lines.push(`+${(performance.now() - started).toFixed(0)} ${text}`);
    if (lines.length > MAX_LINES) lines.shift();
  };
  /** `#1` for the first id that the clause uses, and so on. */
  const alias = (id: string): string => {
    const known = aliases.get(id) ?? `#${aliases.size + 1}`;
    aliases.set(id, known);
    return known;
  };
  const inspectError = (error: unknown, where: string, secret: string | undefined): void => {
    if (!isResultError(error))
      findings.push({ clause: 'ERR-1', observed: `${where} rejected with a foreign ${show(error)}` });
    else if (!Object.hasOwn(CODES, error.code))
      findings.push({ clause: 'ERR-1', observed: `${where} rejected with ${error.code}, a code of its own` });
    const texts = disclosed(error);
    for (const [what, text] of [['the password', secret] as const, ['the result', CONFIDENTIAL] as const]) {
      if (text && texts.some((each) => each.includes(text))) {
        findings.push({ clause: 'ERR-6', observed: `an error of ${where} shows ${what}` });
      }
    }
  };

  function trace(name: string, store: ResultStore, secret?: string): ResultStore {
    let states = '';
    const traced = tracedStore(store, {
      async call(call, run) {
        const where = `${name}.${call.operation}`;
        const what = [where, names(call, alias), states].filter(Boolean).join(' ');
        states = '';
        note(`${what} →`);
        try {
          const value = await run();
          for (const refused of refusals(value)) inspectError(refused, where, secret);
          note(`${where} ✓ ${brief(value)}`);
          return value;
        } catch (error) {
          inspectError(error, where, secret);
          note(`${where} ✗ ${isResultError(error) ? error.code : show(error)}`);
          throw error;
        }
      },
    });
    // The hook above is called before `traced.put` returns, so it finds the states of its own call.
    return {
      ...traced,
      put(records, options) {
        states = few(records.map(({ state }) => state));
        return traced.put(records, options);
      },
    };
  }

  return { trace, note, lines };
}

const names = ({ ids }: StoreCall, alias: (id: string) => string): string =>
  ids.length > MAX_NAMES ? `(${ids.length} ids)` : ids.map(alias).join(' ');

const MAX_NAMES = 4;

const few = (texts: readonly string[]): string =>
  texts.length > MAX_NAMES ? `${texts.slice(0, MAX_NAMES).join(' ')} …` : texts.join(' ');

const refusals = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value.flatMap((each) => (isRefusal(each) ? [each.refused] : [])) : [];

const isRefusal = (value: unknown): value is { readonly refused: unknown } =>
  typeof value === 'object' && value !== null && 'refused' in value;

function brief(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? 'done' : String(value ?? 'done');
  return few(value.map((outcome: PutOutcome | GetOutcome) => briefOutcome(outcome)));
}

function briefOutcome(outcome: PutOutcome | GetOutcome): string {
  if (!outcome) return 'nothing';
  if (isRefusal(outcome))
    return `refused ${isResultError(outcome.refused) ? outcome.refused.code : show(outcome.refused)}`;
  if ('applied' in outcome) return outcome.applied ? 'applied' : `not applied, ${outcome.state} is there`;
  return outcome.state;
}
