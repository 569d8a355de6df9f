import { inOrder } from '../../src/groups.js';
import { CLAUSES } from '../../src/index.js';
import { SABOTEURS, type Saboteur } from '../../src/saboteurs/index.js';
import type { Finding } from './subject.js';

/** One saboteur in the table. */
export interface Row {
  readonly saboteur: Saboteur;
  /** The clauses that it fails besides its own; of a race, those that it failed in any run so far. */
  readonly besides: readonly string[];
}

/** Clauses that try everything by design, so that they fail along with almost any other: they do not count as "besides". */
const isBroad = (id: string): boolean => id.startsWith('MOD-') || id === 'DUA-1';

/** @param document docs/mutation.md as it is. */
export function rowsOf(findings: ReadonlyMap<string, Finding>, document: string): readonly Row[] {
  const before = new Map(
    [...document.matchAll(/^\| \S+ \| (\S+) \| \S+ \| ([^|]*) \|/gm)].map(([, name = '', ids = '']) => [
      name,
      ids.split(' '),
    ]),
  );
  const known = new Set(CLAUSES.map(({ id }) => id));
  return inOrder(SABOTEURS.map((saboteur) => ({ id: saboteur.violates, saboteur }))).map(({ saboteur }) => {
    const { name, violates } = saboteur;
    const ids = new Set([...(before.get(name) ?? []), ...(findings.get(name)?.failed ?? [])]);
    const besides = [...ids].filter((id) => known.has(id) && id !== violates && !isBroad(id));
    return { saboteur, besides: inOrder(besides.map((id) => ({ id }))).map(({ id }) => id) };
  });
}

/** The clauses that a saboteur fails alone: each finds what no other one does. */
export const foundAlone = (rows: readonly Row[]): ReadonlySet<string> =>
  new Set(rows.filter(({ besides }) => besides.length === 0).map(({ saboteur }) => saboteur.violates));

/** docs/mutation.md: the kit's own report. */
export function mutationDocument(rows: readonly Row[]): string {
  const alone = foundAlone(rows).size;
  return [
    '# What the kit finds: saboteurs by clause',
    '',
    'A saboteur is an honest store with one plausible bug. Each runs the whole kit in a process of its own, over the reference store',
    'named in "on"; the clause that it violates must fail. Generated and checked by `pnpm test:mutation`.',
    '',
    `${rows.length} saboteurs, ${CLAUSES.length} clauses. For ${alone} clauses (${Math.floor((alone / CLAUSES.length) * 100)} %) there is a saboteur that fails that clause and no other, which`,
    'shows that the clause finds what no other one does. Not counted as others: MOD-1 to MOD-3 and DUA-1, which try everything.',
    '',
    '| clause | saboteur | on | fails besides | seen in |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ saboteur: { violates, name, on, seen = '' }, besides }) =>
        `| ${[violates, name, on, besides.join(' '), seen.replaceAll('|', '\\|')].join(' | ')} |`,
    ),
    '',
  ].join('\n');
}
