/**
 * Writes celery-results.sqlite: rows that real Celery 5.2.6 and 5.6.3 stored, taken byte for byte from the golden vectors,
 * in tables made by the statements that Celery itself executed. Run by hand when the vectors change.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CELERY_VERSIONS, columnOf, sqliteDdl, type Vector, vectors } from '@rb/vectors';
import Database from 'better-sqlite3';

const FIXTURE = fileURLToPath(new URL('celery-results.sqlite', import.meta.url));

const PLAIN = ['success_decimal', 'success_datetime_offset', 'success_int_2p70', 'success_nested_types', 'retry_none'];
const EXTENDED = [
  'success_dict_nested',
  'success_str_unicode',
  'custom_progress',
  'failure_builtin',
  'revoked_revoked',
];
const GROUPS = ['group_simple'];

const wanted = (vector: Vector): boolean =>
  vector.serializer === 'json' &&
  (vector.extended ? EXTENDED : vector.celery === '5.6.3' ? [...PLAIN, ...GROUPS] : PLAIN).includes(vector.name);

rmSync(FIXTURE, { force: true });
const database = new Database(FIXTURE);
for (const statement of sqliteDdl('5.6.3')) database.exec(statement);
for (const vector of CELERY_VERSIONS.flatMap((version) => vectors('sqlite', version)).filter(wanted)) {
  const [table, columns] = vector.group_id
    ? ['celery_tasksetmeta', ['taskset_id', 'result', 'date_done']]
    : ['celery_taskmeta', Object.keys(vector.raw.columns)];
  const marks = columns.map(() => '?').join(', ');
  database
    .prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`)
    .run(...columns.map((column) => columnOf(vector, column)));
}
database.exec('VACUUM');
database.close();
