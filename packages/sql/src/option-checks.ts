import { LAYOUT_NAMES } from './layout.js';

export type Check = readonly [holds: (value: unknown) => boolean, expected: string];

export const ofType = (type: 'string' | 'boolean' | 'function' | 'object', expected: string): Check => [
  (value) => typeof value === type && value !== null,
  expected,
];

export const oneOf = (...words: readonly unknown[]): Check => [
  (value) => words.includes(value),
  `one of ${words.join(', ')}`,
];

/** The most that a timer takes, some 25 days; with more it would fire at once. */
const MAX_MS = 2 ** 31 - 1;
const isMs = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= MAX_MS;
export const ms: Check = [(value) => isMs(value) && value !== 0, `milliseconds above 0, up to ${MAX_MS}`];
export const msOrNone: Check = [isMs, `milliseconds from 0 up to ${MAX_MS}`];

const count = (least: number): Check => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `a whole number of at least ${least}`,
];

/** Of the options that all databases have. */
export const SHARED_CHECKS: Readonly<
  Record<
    | 'tables'
    | 'createTables'
    | 'layout'
    | 'serializer'
    | 'accept'
    | 'timeZone'
    | 'maxBytes'
    | 'pollMs'
    | 'now'
    | 'onBackgroundError',
    Check
  >
> = {
  tables: ofType('object', 'an object of names'),
  createTables: ofType('boolean', 'true or false'),
  layout: oneOf(...LAYOUT_NAMES),
  serializer: ofType('object', 'a serializer'),
  accept: [Array.isArray, 'a list of serializers'],
  timeZone: ofType('string', 'the name of a time zone'),
  maxBytes: [(value) => typeof value === 'number' && value > 0, 'a positive number'],
  pollMs: ms,
  now: ofType('function', 'a function'),
  onBackgroundError: ofType('function', 'a function'),
};

/** Of a pool of connections to a server. */
export const POOL_CHECKS: Readonly<
  Record<
    | 'url'
    | 'tls'
    | 'poolSize'
    | 'maxOverflow'
    | 'idleTimeoutMs'
    | 'maxLifetimeMs'
    | 'acquireTimeoutMs'
    | 'queryTimeoutMs'
    | 'statementTimeoutMs',
    Check
  >
> = {
  url: ofType('string', 'a URL as text'),
  tls: ofType('object', 'TLS settings'),
  poolSize: count(1),
  maxOverflow: count(0),
  idleTimeoutMs: ms,
  maxLifetimeMs: ms,
  acquireTimeoutMs: ms,
  queryTimeoutMs: ms,
  statementTimeoutMs: ms,
};

/** Errors: TypeError for an option that is unknown, or would only fail or be ignored later. Values are not shown. */
export function checkEach(options: object, checks: Readonly<Record<string, Check>>, example: string): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`expected an object of options, such as { ${example} }`);
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined)
      throw new TypeError(`expected options among ${Object.keys(checks).join(', ')}, got ${name.slice(0, 40)}`);
    const [holds, expected] = check;
    if (value !== undefined && !holds(value))
      throw new TypeError(`expected ${expected} as ${name}, got ${value === null ? 'null' : typeof value}`);
  }
}
