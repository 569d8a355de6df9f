import { env } from 'node:process';
import type { Profile } from './budget.js';
import type { SuiteOptions } from './suite.js';

const PROFILES: readonly Profile[] = ['quick', 'full', 'soak'];

/** What a test file says, and what RB_CONFORMANCE_PROFILE, _SEED and _ONLY say instead for this one run. */
export function settingsOf<T extends SuiteOptions>(options: T): T {
  const { RB_CONFORMANCE_PROFILE: profile, RB_CONFORMANCE_SEED: seed, RB_CONFORMANCE_ONLY: only } = env;
  return {
    ...options,
    ...(profile ? { profile: profileOf(profile) } : {}),
    ...(seed ? { seed: seedOf(seed) } : {}),
    ...(only ? { only: onlyOf(only) } : {}),
  };
}

export function profileOf(text: string): Profile {
  const profile = PROFILES.find((each) => each === text);
  if (profile) return profile;
  throw new TypeError(`unknown profile '${text}': expected one of ${PROFILES.join(', ')}`);
}

export function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed) && text.trim() !== '') return seed;
  throw new TypeError(`bad seed '${text}': expected an integer`);
}

/** Ids of clauses or groups, separated by commas. */
export const onlyOf = (text: string): readonly string[] => text.split(',').map((id) => id.trim().toUpperCase());
