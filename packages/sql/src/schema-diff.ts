import { type Plan, sqlOf } from './deploy.js';
import type { Found } from './schema.js';

/** As our own statements write it, with its schema. */
const NAME = String.raw`((?:\w+|"[^"]*"|\`[^\`]*\`)(?:\.(?:\w+|"[^"]*"))?)`;

/** What a statement of a deployment brings, in words; what is of no interest by itself has none. */
const WORDS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [pattern(`CREATE TABLE (?:IF NOT EXISTS )?${NAME}`), 'the table $1 is missing'],
  [pattern(`CREATE SEQUENCE (?:IF NOT EXISTS )?${NAME}`), 'the sequence $1 is missing'],
  [pattern(`CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?${NAME}`), 'the index $1 is missing'],
  [pattern(`CREATE TRIGGER ${NAME}`), 'the trigger $1 is missing'],
  [pattern(`DROP INDEX (?:CONCURRENTLY )?${NAME}`), 'the index $1 is invalid: building it was cut off'],
  [pattern(`CREATE OR REPLACE FUNCTION ${NAME}.*pg_notify`), 'the function $1 is missing or of another version'],
  [pattern('(?:CREATE OR REPLACE|SELECT)'), ''],
];

export function differences({ current, latest, steps }: Plan, { wrong = [] }: Found): readonly string[] {
  const newer = `the tables were deployed by a newer version of this package: ${current}, where this one knows ${latest}`;
  const missing = steps.flatMap((step) => inWords(sqlOf(step)));
  return [...(current > latest ? [newer] : []), ...new Set(missing.filter((words) => words !== '')), ...wrong];
}

function inWords(sql: string): string[] {
  const added = sql.match(pattern(`ALTER TABLE ${NAME}`));
  if (added !== null) {
    const changes = [...sql.matchAll(new RegExp(`\\b(ADD COLUMN|MODIFY) ${NAME}`, 'g'))];
    return changes.map(([, how, column]) =>
      how === 'MODIFY'
        ? `the column ${added[1]}.${column} is of another type`
        : `the column ${added[1]}.${column} is missing`,
    );
  }
  for (const [pattern, words] of WORDS) {
    const found = sql.match(pattern);
    if (found !== null) return [words.replace('$1', found[1] ?? '')];
  }
  return [sql];
}

function pattern(text: string): RegExp {
  return new RegExp(`^${text}`);
}
