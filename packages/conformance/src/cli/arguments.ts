import { parseArgs } from 'node:util';
import { onlyOf, profileOf, seedOf, settingsOf } from '../settings.js';
import type { SuiteOptions } from '../suite.js';

export const USAGE = `Usage: rb-conformance <harness module> [options]

Checks a result store against the contract of @rb/core. The module exports \`harness\`.

  --profile quick|full|soak   how much of everything (default: full)
  --only STA-1,CON            clauses, or groups of them
  --seed 7                    repeats the order and the choices of a run
  --json report.json          writes the report
  --markdown report.md        writes it for people
  --badge badge.json          writes what a shields.io endpoint badge reads
  --help

RB_CONFORMANCE_PROFILE, RB_CONFORMANCE_ONLY and RB_CONFORMANCE_SEED do the same.
Exit code: 0 the store conforms, 1 it does not, 2 nothing could be checked.
`;

export interface Arguments {
  readonly module: string;
  readonly options: SuiteOptions;
  /** Files to write. */
  readonly json?: string | undefined;
  readonly markdown?: string | undefined;
  readonly badge?: string | undefined;
}

/** What cannot be run as it was asked for; its message is for the caller of the command. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs what rejects a caller's mistake with a TypeError. Errors: UsageError instead. */
export function usable<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${error.message}\n\n${USAGE}`);
    throw error;
  }
}

/** 'help' where that was asked for. Errors: UsageError. */
export const argumentsOf = (args: readonly string[]): Arguments | 'help' =>
  usable(() => {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    if (values.help) return 'help';
    const [module, ...more] = positionals;
    if (module === undefined) throw new TypeError('which harness? Give the module that exports it');
    if (more.length > 0) throw new TypeError(`one harness at a time: what is ${more.join(' ')}?`);
    const { profile, seed, only, json, markdown, badge } = values;
    const options = {
      ...settingsOf({}),
      ...(profile === undefined ? {} : { profile: profileOf(profile) }),
      ...(seed === undefined ? {} : { seed: seedOf(seed) }),
      ...(only === undefined ? {} : { only: onlyOf(only) }),
    };
    return { module, options, json, markdown, badge };
  });

const OPTIONS = {
  profile: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string' },
  json: { type: 'string' },
  markdown: { type: 'string' },
  badge: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;
