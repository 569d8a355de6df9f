import { LAYOUT_NAMES } from '../layout.js';
import type { SqliteStoreOptions } from './store.js';

type Check = readonly [holds: (value: unknown) => boolean, expected: string];

const isMs = (value: unknown): boolean => typeof value === 'number' && value >= 0 && Number.isFinite(value);
const oneOf = (...words: readonly string[]): Check => [
  (value) => typeof value === 'string' && words.includes(value),
  `one of ${words.join(', ')}`,
];
const ofType = (type: 'string' | 'boolean' | 'function' | 'object', expected: string): Check => [
  (value) => typeof value === type && value !== null,
  expected,
];

const CHECKS: Readonly<Record<keyof SqliteStoreOptions, Check>> = {
  filename: ofType('string', 'a path as text'),
  database: ofType('object', 'a better-sqlite3 Database'),
  tables: ofType('object', 'an object of names'),
  createTables: ofType('boolean', 'true or false'),
  layout: oneOf(...LAYOUT_NAMES),
  readonly: ofType('boolean', 'true or false'),
  busyTimeoutMs: [isMs, 'milliseconds from 0 up'],
  synchronous: oneOf('OFF', 'NORMAL', 'FULL', 'EXTRA'),
  journalMode: oneOf('WAL', 'DELETE'),
  serializer: ofType('object', 'a serializer'),
  accept: [Array.isArray, 'a list of serializers'],
  timeZone: ofType('string', 'the name of a time zone'),
  maxBytes: [(value) => typeof value === 'number' && value > 0, 'a positive number'],
  pollMs: [(value) => isMs(value) && value !== 0, 'a positive number of milliseconds'],
  now: ofType('function', 'a function'),
  onBackgroundError: ofType('function', 'a function'),
};

/** Errors: TypeError for an option that is unknown, or would only fail or be ignored later. Values are not shown. */
export function checkOptions(options: SqliteStoreOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('expected an object of options, such as { filename }');
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof SqliteStoreOptions] : undefined;
    if (check === undefined)
      throw new TypeError(`expected options among ${Object.keys(CHECKS).join(', ')}, got ${name.slice(0, 40)}`);
    const [holds, expected] = check;
    if (value !== undefined && !holds(value))
      throw new TypeError(`expected ${expected} as ${name}, got ${value === null ? 'null' : typeof value}`);
  }
}
