import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Handle, Harness, OpenVariant, World } from '@rb/conformance';
import { virtualClock } from '@rb/conformance/reference';
import { tcpProxy } from '@rb/conformance/tcp-proxy';
import { type PostgresStoreOptions, postgresStore } from '@rb/sql/postgres';
import pg from 'pg';
import { rawAccess } from './raw.ts';

/** Where the kit's second process finds the server, and whether worlds there have users. */
const URL_VARIABLE = 'RB_POSTGRES_KIT_URL';
const USERS_VARIABLE = 'RB_POSTGRES_KIT_USERS';
/** How it finds the tables there; empty: not in partitions. */
const PARTITIONS_VARIABLE = 'RB_POSTGRES_KIT_PARTITIONS';

/** Short, so that outages of a second tell something. */
const TIMES = { acquireTimeoutMs: 2_500, queryTimeoutMs: 1_500, pollMs: 5 };

/**
 * A pool grows with calls at once up to its size, which is what WAI-15 would take for a connection per wait. Where writes are told,
 * so little is asked that it has not grown to two by the time when they are counted.
 */
const poolSizeOf = ({ listen }: PostgresStoreOptions): number => (listen ? 1 : 2);

/** What the kit fills a store up to. */
const MAX_BYTES = 4 * 2 ** 20;

const PASSWORD = 'the-password';
const WRONG_PASSWORD = 'not-the-password';

export interface PostgresWorlds {
  readonly options?: PostgresStoreOptions;
  /** Whether a world has a user of its own; a pooler knows only its own. */
  readonly users?: boolean;
  /** For the report, in the server's own words. */
  readonly serverVersion?: string | undefined;
  /** Of a server of the harness's own. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Of a new schema, for a layout whose tables the store does not make. */
  readonly prepare?: ((admin: pg.Pool, schema: string) => Promise<void>) | undefined;
  readonly raw?: typeof rawAccess | undefined;
}

/** On a server that others use too: a world is a schema. As plain Node imports it: hence the built package. */
export function postgresHarness(
  name: string,
  url: string,
  { options = {}, users = true, serverVersion, restart, prepare, raw = rawAccess }: PostgresWorlds = {},
): Harness {
  return {
    name,
    // A second process would not know of the layout.
    ...(prepare === undefined && { module: import.meta.url }),
    async about() {
      const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };
      return { storeVersion: version, server: serverVersion };
    },
    async world(joined) {
      const partitions = options.partitions ? JSON.stringify(options.partitions) : '';
      Object.assign(process.env, {
        [URL_VARIABLE]: url,
        [USERS_VARIABLE]: String(users),
        [PARTITIONS_VARIABLE]: partitions,
      });
      const schema = joined ?? `rb_${randomUUID().replaceAll('-', '')}`;
      const admin = new pg.Pool({ connectionString: url, max: 2 });
      // A restart of the server ends its connections.
      admin.on('error', () => undefined);
      if (joined === undefined) {
        await makeSchema(admin, schema, users);
        await prepare?.(admin, schema);
      }
      const clock = virtualClock();
      const schemas = { task: schema, group: schema };
      const common = {
        ...TIMES,
        ...options,
        poolSize: poolSizeOf(options),
        maxBytes: MAX_BYTES,
        now: clock.now,
        schemas,
      };
      const here = users ? url.replace(/\/\/.*@/, `//${schema}:${PASSWORD}@`) : url;
      const world: World = {
        ...(restart && { restart }),
        ...(users && { revoke: async () => void (await admin.query(`ALTER ROLE ${schema} PASSWORD 'another'`)) }),
        token: schema,
        clock,
        raw: raw(admin, schema, { ...common, url: here }),
        open: (variant) => openHandle(here, common, variant),
        dropSchema: async () => void (await admin.query(`DROP SCHEMA ${schema} CASCADE`)),
        async dispose() {
          if (joined === undefined) await removeSchema(admin, schema, users);
          await admin.end();
        },
      };
      return world;
    },
  };
}

async function makeSchema(admin: pg.Pool, schema: string, users: boolean): Promise<void> {
  if (users) await admin.query(`CREATE ROLE ${schema} LOGIN PASSWORD '${PASSWORD}'`);
  await admin.query(`CREATE SCHEMA ${schema} ${users ? `AUTHORIZATION ${schema}` : ''}`);
}

async function removeSchema(admin: pg.Pool, schema: string, users: boolean): Promise<void> {
  await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  if (users) await admin.query(`DROP ROLE ${schema}`);
}

/** For the command line, and for second processes. */
export const harness: Harness = postgresHarness(
  'postgres',
  process.env[URL_VARIABLE] ?? 'postgresql://postgres:postgres@127.0.0.1:5432/postgres',
  {
    users: process.env[USERS_VARIABLE] !== 'false',
    options: process.env[PARTITIONS_VARIABLE] ? { partitions: JSON.parse(process.env[PARTITIONS_VARIABLE]) } : {},
  },
);

async function openHandle(
  url: string,
  common: PostgresStoreOptions,
  variant: OpenVariant = 'default',
): Promise<Handle | null> {
  const link = await tcpProxy(url);
  const handle = (options: PostgresStoreOptions): Handle => ({
    store: postgresStore({ url: link.url, ...common, ...options }),
    link,
    dispose: link.close,
  });
  switch (variant) {
    case 'default':
      return handle({});
    case 'other-namespace':
      return handle({ tables: { task: 'other_task', group: 'other_group' } });
    case 'unreachable':
      // Nobody listens on the port of TCPMUX.
      return handle({ url: 'postgresql://postgres:postgres@127.0.0.1:1/postgres' });
    case 'bad-credentials':
      return {
        ...handle({ url: link.url.replace(/:[^:]*@/, `:${WRONG_PASSWORD}@`) }),
        secret: WRONG_PASSWORD,
      };
    case 'borrowed-client':
      return borrowed(link.url, handle, common.listen);
    case 'no-schema':
      return handle({ createTables: false, tables: { task: 'absent_task', group: 'absent_group' } });
    case 'clock-ahead':
      await link.close();
      return null;
    default:
      return variant satisfies never;
  }
}

function borrowed(
  connectionString: string,
  handle: (options: PostgresStoreOptions) => Handle,
  listen: PostgresStoreOptions['listen'] = false,
): Handle {
  const pool = new pg.Pool({ connectionString });
  pool.on('error', () => undefined);
  const { dispose, ...rest } = handle({ url: undefined, pool, ...(listen && { listen: connectionString }) });
  return {
    ...rest,
    clientWorks: async () => (await pool.query('SELECT 1')).rowCount === 1,
    async dispose() {
      await pool.end();
      await dispose?.();
    },
  };
}
