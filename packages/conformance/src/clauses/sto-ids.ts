import { isResultError } from '@rb/core';
import type { Clause } from '../clause.js';

/** Of ids that begin alike; each line is what some store or layer before it takes for the same. */
const ENDS: readonly string[] = [
  ...['', 'a', 'A', 'á', 'Á'],
  // The same letters to Unicode, in its normal forms.
  ...['\u00e9', 'e\u0301', '\ufb01', 'fi', '\uff41'],
  ...['a ', ' a', 'a\t', 'a\n'],
  ...[':a', '/a', '_a', '-a', '.a', '#a', '@a'],
  // Patterns, quotes and escapes of one language or another.
  ...['*', '%', '_', '?', "'", "''", '"', '\\', '\\a', '\\\\', '{}', '{a}', '[a]', '$', '%61', '&#97;'],
  ...['/x/../a', '/./a', '//a'],
  ...['日', '本', '😀', '😁'],
];

/** Whole ids that are something else to a language, a number column or a path. */
const WHOLE: readonly string[] = ['__proto__', 'constructor', '7', '07', '7.0', 'null', '..', ' 7'];

/** The longest are beyond what any index of a database takes. */
const LENGTHS: readonly number[] = [100, 156, 256, 1_000, 20_000, 70_000];

/** Ids. */
export const STO_IDS: readonly Clause[] = [
  {
    id: 'STO-10',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: "Ids are compared exactly: case, accents, normal forms, white space, : / * % _ ' {} and emoji make different, safe ids.",
    hint: 'Use a binary collation and a text column, bind ids as parameters, escape them in patterns and paths, and look them up in a Map.',
    source: 'MySQL default collations compare without case and accents; Celery takes any text as an id',
    async run({ writer, reader, put, read, get, same, id }) {
      const base = id();
      const ids = [...WHOLE, ` ${base}`, ...ENDS.map((end) => base + end)];
      for (const taskId of ids)
        same(await get(reader, [taskId]), [undefined], `get([${JSON.stringify(taskId)}]) before its put`);
      for (const taskId of ids) await put(writer, { taskId, result: taskId });
      for (const taskId of ids) {
        const found = await read(reader, taskId);
        same([found?.taskId, found?.result], [taskId, taskId], `id and result of ${JSON.stringify(taskId)}`);
      }
    },
  },
  {
    id: 'STO-11',
    since: '1.0',
    level: 'MUST',
    surface: 'store',
    text: 'An id that the store cannot hold, too long or with U+0000 in it, is refused and reads as undefined; it is never cut into another id.',
    hint: 'Refuse what the column does not hold; databases in a lax mode cut it off without a word.',
    source: 'Celery database/models.py: task_id is VARCHAR(155); PostgreSQL text holds no U+0000',
    async run({ writer, reader, putOne, read, get, same, id }) {
      const base = id();
      const pairs = LENGTHS.map((length) => [`of ${length} characters`, base.padEnd(length - 1, '-')] as const);
      for (const [what, beginning] of [...pairs, ['with U+0000', `${base}\0`] as const]) {
        for (const taskId of [`${beginning}x`, `${beginning}y`]) {
          const outcome = await putOne(writer, { taskId, result: taskId.at(-1) }).catch((refused: unknown) => {
            if (isResultError(refused)) return { refused };
            throw refused;
          });
          const [expected, was] = 'refused' in outcome ? [undefined, 'refused'] : [taskId.at(-1), 'accepted'];
          same((await read(reader, taskId))?.result, expected, `result of an id ${what} that was ${was}`);
        }
      }
      same(await get(reader, [base]), [undefined], 'what is stored under the beginning that all of them share');
    },
  },
];
