import { readFileSync } from 'node:fs';

export type CeleryVersion = '5.2.6' | '5.6.3';
export const CELERY_VERSIONS: readonly CeleryVersion[] = ['5.2.6', '5.6.3'];

export type VectorBackend = 'sqlite' | 'postgresql' | 'mysql' | 'redis' | 'rpc' | 'mongodb';

/** What real Celery stored, and what it read back; ../celery/README.md describes the fields. */
export interface Vector {
  readonly name: string;
  readonly backend: VectorBackend;
  readonly celery: CeleryVersion;
  readonly serializer: 'json' | 'msgpack' | 'pickle' | 'yaml';
  readonly extended: boolean;
  readonly op: string;
  readonly task_id?: string;
  readonly group_id?: string;
  readonly input_repr: string;
  readonly store_error?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each backend has its own shape, checked by the test that reads it.
  readonly raw: any;
  readonly celery_reads: {
    readonly status?: string;
    readonly result_type?: string;
    readonly meta_repr?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
}

/** Every vector of one backend as one version of Celery wrote it. */
export const vectors = (backend: VectorBackend, celery: CeleryVersion): readonly Vector[] =>
  JSON.parse(readFileSync(new URL(`../celery/celery-${celery}-${backend}.json`, import.meta.url), 'utf8'));

/** The value of an SQL column as a driver returns it: bytes, text, a number or null. */
export function columnOf(vector: Vector, name: string): Uint8Array | string | number | null {
  const column = vector.raw.columns[name];
  if (column === null || column === undefined) return null;
  return column.type === 'bytes' ? Buffer.from(column.b64, 'base64') : column.value;
}

/** The statements by which that Celery created its tables in SQLite. */
export const sqliteDdl = (celery: CeleryVersion): readonly string[] => ddlOf(celery, 'sqlite');

/** The same of PostgreSQL, sequences included. */
export const postgresDdl = (celery: CeleryVersion): readonly string[] => ddlOf(celery, 'postgresql');

/** The same of MariaDB, sequences included, or of MySQL, which has none. */
export const mysqlDdl = (celery: CeleryVersion, database: 'mysql' | 'mariadb'): readonly string[] =>
  ddlOf(celery, DDL_NAMES[database]);

const DDL_NAMES = {
  mysql: 'mysql without sequences (compiled offline by SQLAlchemy, not executed)',
  mariadb: 'mariadb (sequences)',
} as const;

function ddlOf(celery: CeleryVersion, database: string): readonly string[] {
  const file = new URL('../celery/sql-ddl-and-statements.json', import.meta.url);
  const found = JSON.parse(readFileSync(file, 'utf8'))[celery][database];
  const statements: readonly string[] = found.statements ?? found;
  // Each is kept as `text | parameters`.
  return statements.filter((text) => text.startsWith('CREATE ')).map((text) => text.replace(/ \| [^|]*$/, ''));
}

/** One message that each Celery signed by its `auth` serializer, and the signer's certificate. */
export const signedSamples = (): {
  readonly certificate: string;
  readonly samples: readonly { readonly celery: CeleryVersion; readonly payload: string }[];
} => JSON.parse(readFileSync(new URL('../celery/auth-serializer.json', import.meta.url), 'utf8'));
