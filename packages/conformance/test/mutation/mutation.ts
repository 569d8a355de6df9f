// Does the kit find bugs? Every saboteur and every null store runs all of it, in a process of its own.
import { readFile } from 'node:fs/promises';
import { env, stdout } from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLAUSES } from '../../src/index.js';
import { SABOTEURS, type Saboteur } from '../../src/saboteurs/index.js';
import { expectCurrent } from '../current.js';
import { knownFindings, remember } from './known.js';
import { NULL_STORES } from './null-stores.js';
import { findAll } from './pool.js';
import type { Finding } from './subject.js';
import { foundAlone, mutationDocument, type Row, rowsOf } from './table.js';

/** Clauses that a store which does nothing holds, and why that is no fault of theirs. */
const HELD_BY_NULL_STORES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'answers-emptily': {
    'ABO-7': 'about the time-outs of the backend, whatever the store answers',
    'ABO-9': 'about the waits of the backend, whatever the store answers',
    'ERR-1': 'no call rejects, so none does with a foreign error',
    'ERR-6': 'without errors nothing is given away by one',
    'ERR-7': 'about the arguments of the backend, before any store is asked',
    'LEA-5': 'about the timers of the backend, whatever the store answers',
    'LEA-6': 'nothing goes astray where nothing is done',
    'LIF-2': 'what it declares does stay the same',
    'LIF-4': 'closing nothing twice is no error',
    'LIF-5': 'closing nothing connects to nothing',
    'STO-2': 'an unknown id is not there indeed; STO-1 is the control',
    'WAI-25': 'about the waits of the backend, whatever the store answers',
  },
  'always-throws': { 'ERR-7': 'about the arguments of the backend, before any store is asked' },
  'never-settles': {},
};

/** On a busy machine; what hangs is ended by the pool, one by one. */
const LIMIT_MS = 900_000;

/**
 * What a saboteur fails besides its own clause is taken into it by an update alone, as a busy machine adds to that; delete the
 * file first for a table of one run.
 */
const TABLE = new URL('../../docs/mutation.md', import.meta.url);

const isAsMeant = ({ name, failed, crashed, exposed }: Finding): boolean => {
  const saboteur = SABOTEURS.find((each) => each.name === name);
  return !crashed && (saboteur === undefined || (failed.includes(saboteur.violates) && exposed === true));
};

const weight = ({ on, violates }: Saboteur): number => Number(on !== 'memory') + Number(violates.startsWith('WAI-'));

let rows: readonly Row[];
let findings: ReadonlyMap<string, Finding>;
const findingOf = (name: string): Finding => {
  const finding = findings.get(name);
  if (finding === undefined) throw new Error(`nothing was found out about ${name}`);
  return finding;
};

beforeAll(async () => {
  const started = performance.now();
  const known = await knownFindings();
  // The long runs first, so that none is left over at the end: those that hang, and those over a wire.
  const names = [...NULL_STORES, ...SABOTEURS.toSorted((a, b) => weight(b) - weight(a)).map(({ name }) => name)];
  const found = await findAll(names.filter((name) => !known.has(name)));
  findings = new Map([...known, ...found]);
  // What went wrong is found out anew.
  await remember([...findings.values()].filter(isAsMeant));
  const document = await readFile(TABLE, 'utf8').catch(() => '');
  rows = rowsOf(env.RB_UPDATE === '1' ? findings : new Map(), document);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const slowest = [...found.values()].toSorted((a, b) => b.ms - a.ms).slice(0, 5);
  const lines = slowest.map(({ name, ms, slowest: why }) => `  ${name} ${ms.toFixed(0)} ms: ${why.join(', ')}\n`);
  const knownToo = known.size === 0 ? '' : `, and ${known.size} known of the same code`;
  stdout.write(`${found.size} runs of the kit in ${seconds} s${knownToo}; the slowest:\n${lines.join('')}`);
}, LIMIT_MS);

it('every run ends by itself, with a finding', () => {
  expect([...findings.values()].flatMap(({ crashed }) => crashed ?? []).join('\n\n')).toBe('');
});

describe('every saboteur', () => {
  it('has a name of its own, and there are at least 85', () => {
    const names = SABOTEURS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThanOrEqual(85);
  });

  it('fails the clause that it violates, and the failure names the clause and says what was observed', () => {
    const missed = SABOTEURS.filter(({ name, violates }) => {
      const { failed, observed, text } = findingOf(name);
      return (
        !failed.includes(violates) ||
        !observed ||
        !text?.includes(violates) ||
        !text.includes(observed.split('\n')[0] ?? '')
      );
    });
    expect(missed.map(({ name, violates }) => `${name} survives ${violates}`)).toEqual([]);
  });

  it('is a bug that a user can see', () => {
    expect(SABOTEURS.filter(({ name }) => !findingOf(name).exposed).map(({ name }) => name)).toEqual([]);
  });

  it('fails no more than a quarter of the clauses: else it proves nothing about its own', () => {
    const coarse = SABOTEURS.filter(({ name }) => findingOf(name).failed.length > CLAUSES.length / 4);
    expect(coarse.map(({ name }) => `${name} fails ${findingOf(name).failed.join(' ')}`)).toEqual([]);
  });
});

describe('every clause', () => {
  it('is failed by a saboteur that is meant for it', () => {
    const found = new Set(
      SABOTEURS.filter(({ name, violates }) => findingOf(name).failed.includes(violates)).map(
        ({ violates }) => violates,
      ),
    );
    const orphans = CLAUSES.filter(({ id }) => !found.has(id)).map(({ id }) => id);
    expect(orphans.join(' ')).toBe('');
  });

  it('adds something: 7 of 10 are all that some saboteur fails', () => {
    const alone = foundAlone(rows);
    const shared = CLAUSES.filter(({ id }) => !alone.has(id)).map(({ id }) => id);
    expect(shared.length, `never alone: ${shared.join(' ')}`).toBeLessThanOrEqual(CLAUSES.length * 0.3);
  });
});

it.each(NULL_STORES)('a store that %s holds no clause but those that say nothing about it', (name) => {
  const { passed } = findingOf(name);
  expect(passed.filter((id) => HELD_BY_NULL_STORES[name]?.[id] === undefined)).toEqual([]);
});

it('the table of saboteurs and clauses is current', async () => {
  await expectCurrent(TABLE, mutationDocument(rows));
});
